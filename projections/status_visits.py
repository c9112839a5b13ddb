"""Read model `status_visits`: where each order was, from when to when, and whose it was.

status_entries holds the facts as they came; visits is derived from them for each touched order,
in timeline order, so that it depends on the facts only and never on the order of their arrival.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from projections.interface import Tx, as_json, timeline_columns

FROM_THE_START: Final = "-infinity"


class StatusVisits:
    """One row of visits per stay of an order in a status."""

    name: Final = "status_visits"
    version: Final = 1
    tables: Final = ("status_entries", "acts", "visits", "standings")
    ddl: Final[LiteralString] = """
        create table status_entries (
            order_id              uuid not null,
            status                text not null,
            path                  text not null,
            path_version          integer not null,
            occurred_at           timestamptz not null,
            is_decision           boolean not null,
            timeline_no           integer not null, -- a decision's version, a fact's rank
            fact_id               uuid not null,    -- zero for decisions
            time_source           text not null,
            actor_kind            text not null,
            actor_id              text not null,
            role                  text,
            reason_code           text,
            initiator             text,
            due_at                timestamptz,
            deadlines             jsonb,
            command_id            uuid not null,
            causation_id          uuid,
            version               integer not null,
            position              bigint not null,
            recorded_at           timestamptz not null,
            annulled_recorded_at  timestamptz,      -- set: the fact was wrong, it does not count
            primary key (order_id, occurred_at, version)
        );
        -- By what an order is taken in hand: owners assigned, anything else that a user did.
        create table acts (
            order_id              uuid not null,
            occurred_at           timestamptz not null,
            is_decision           boolean not null,
            timeline_no           integer not null,
            fact_id               uuid not null,
            assigns               boolean not null,
            owner_user            text,
            owner_group           text,
            version               integer not null,
            recorded_at           timestamptz not null,
            annulled_recorded_at  timestamptz,
            primary key (order_id, occurred_at, version)
        );
        create table visits (
            order_id         uuid not null,
            visit_no         integer not null,
            status_visit_no  integer not null, -- 1 for its first stay in this status
            path             text not null,
            path_version     integer not null,
            status           text not null,
            stage            text,
            final            text,
            entered_at       timestamptz not null,
            left_at          timestamptz,
            seconds          double precision,
            previous_status  text,
            previous_seconds double precision,
            next_status      text,
            due_at           timestamptz,
            actor_kind       text not null,
            actor_id         text not null,
            role             text,
            holder_user      text,
            holder_group     text,
            taken_up_at      timestamptz,
            nonconforming    text,
            reason_code      text,
            initiator        text,
            time_source      text not null,
            version          integer not null,
            command_id       uuid not null,
            primary key (order_id, visit_no)
        ) with (fillfactor = 80);
        -- The latest visit of each order, for the questions that are asked most.
        create table standings (
            order_id         uuid primary key,
            visit_no         integer not null,
            path             text not null,
            path_version     integer not null,
            status           text not null,
            stage            text,
            final            text,
            entered_at       timestamptz not null,
            due_at           timestamptz
        ) with (fillfactor = 70);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the facts, then derive again from the earliest moment that they touch."""
        entries: list[dict[str, Any]] = []
        acts: list[dict[str, Any]] = []
        annulled: list[dict[str, Any]] = []
        for recorded in batch:
            if recorded.stream_id.startswith("order-"):
                _sort_in(recorded, entries, acts, annulled)
        touched: dict[str, Any] = {}
        for row in (*entries, *acts):
            at = touched.setdefault(row["order_id"], row["occurred_at"])
            touched[row["order_id"]] = min(at, row["occurred_at"])
        if entries:
            _fill_paths(entries)
            tx.execute(_INSERT_ENTRIES, [as_json(entries)])
        if acts:
            tx.execute(_INSERT_ACTS, [as_json(acts)])
        if annulled:
            touched |= {row["order_id"]: FROM_THE_START for row in annulled}
            for statement in (_ANNUL_ENTRIES, _ANNUL_ACTS, _FORGET):
                tx.execute(statement, [as_json(annulled)])
        if touched:
            rows = [{"order_id": order_id, "at": at} for order_id, at in touched.items()]
            tx.execute(_DERIVE_VISITS, [as_json(rows)])


def _sort_in(
    recorded: Recorded,
    entries: list[dict[str, Any]],
    acts: list[dict[str, Any]],
    annulled: list[dict[str, Any]],
) -> None:
    match recorded.event:
        case e.StatusChanged() as changed:
            entries.append(
                _entry(recorded, changed.to_status, 0)
                | {
                    "reason_code": changed.reason_code,
                    "initiator": changed.initiator,
                    **_limits(changed.deadlines),
                }
            )
        case e.StatusRecorded() as fact:
            entry = _entry(recorded, fact.to_status, fact.rank)
            entries.append(entry | _told(recorded, fact) | {"time_source": fact.time_source})
        case e.OrderPlaced() as placed:
            entry = _entry(recorded, placed.status, placed.rank)
            entries.append(entry | _told(recorded, placed) | _limits(placed.deadlines))
        case e.OwnerAssigned(user=user, group=group):
            assigned = {"assigns": True, "owner_user": user, "owner_group": group}
            acts.append(_act(recorded) | assigned)
        case e.FactAnnulled(annulled_version=version):
            annulled.append(
                {
                    "order_id": recorded.entity_id,
                    "version": version,
                    "annulled_recorded_at": recorded.recorded_at,
                }
            )
        case _ if recorded.actor_kind == "user":
            acts.append(_act(recorded))
        case _:
            pass


def _entry(recorded: Recorded, status: str, rank: int) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "status": status,
        **timeline_columns(recorded, rank),
        "time_source": "recorded",
        "actor_kind": recorded.actor_kind,
        "actor_id": recorded.actor_id,
        "command_id": recorded.command_id,
        "causation_id": recorded.causation_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _told(recorded: Recorded, event: e.OrderPlaced | e.StatusRecorded) -> dict[str, Any]:
    return {
        "path": event.path,
        "path_version": event.path_version,
        "actor_id": event.actor or recorded.actor_id,
        "role": event.role,
        "reason_code": event.reason_code,
    }


def _limits(deadlines: tuple[e.Deadline, ...]) -> dict[str, Any]:
    if not deadlines:
        return {}
    due_at = next((deadline.at for deadline in deadlines if deadline.level == "due"), None)
    return {"due_at": due_at, "deadlines": deadlines}


def _act(recorded: Recorded) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        **timeline_columns(recorded),
        "assigns": False,
        "version": recorded.version,
        "recorded_at": recorded.recorded_at,
    }


def _fill_paths(entries: list[dict[str, Any]]) -> None:
    """Decided moves do not name the order's path; what is not in the batch, SQL looks up."""
    pinned: dict[str, tuple[str, int]] = {}
    for row in entries:
        if "path" in row:
            pinned.setdefault(row["order_id"], (row["path"], row["path_version"]))
        elif row["order_id"] in pinned:
            row["path"], row["path_version"] = pinned[row["order_id"]]


_INSERT_ENTRIES: Final = """
    insert into status_entries (
        order_id, status, path, path_version, occurred_at, is_decision, timeline_no, fact_id,
        time_source, actor_kind, actor_id, role, reason_code, initiator, due_at, deadlines,
        command_id, causation_id, version, position, recorded_at)
    select x.order_id, x.status, coalesce(x.path, pinned.path),
           coalesce(x.path_version, pinned.path_version), x.occurred_at, x.is_decision,
           x.timeline_no, x.fact_id, x.time_source, x.actor_kind, x.actor_id, x.role,
           x.reason_code, x.initiator, x.due_at, x.deadlines, x.command_id, x.causation_id,
           x.version, x.position, x.recorded_at
    from json_to_recordset(%s::json) as x(
        order_id uuid, status text, path text, path_version integer, occurred_at timestamptz,
        is_decision boolean, timeline_no integer, fact_id uuid, time_source text,
        actor_kind text, actor_id text, role text, reason_code text, initiator text,
        due_at timestamptz, deadlines jsonb, command_id uuid, causation_id uuid,
        version integer, position bigint, recorded_at timestamptz)
    left join lateral (
        select e.path, e.path_version from status_entries e
        where x.path is null and e.order_id = x.order_id limit 1
    ) pinned on true
"""

_INSERT_ACTS: Final = """
    insert into acts (
        order_id, occurred_at, is_decision, timeline_no, fact_id, assigns, owner_user, owner_group,
        version, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, occurred_at timestamptz, is_decision boolean, timeline_no integer,
        fact_id uuid, assigns boolean, owner_user text, owner_group text,
        version integer, recorded_at timestamptz)
"""

_ANNUL_ENTRIES: Final = """
    update status_entries e set annulled_recorded_at = x.annulled_recorded_at
    from json_to_recordset(%s::json) as x(
        order_id uuid, version integer, annulled_recorded_at timestamptz)
    where e.order_id = x.order_id and e.version = x.version
"""

_ANNUL_ACTS: Final = """
    update acts a set annulled_recorded_at = x.annulled_recorded_at
    from json_to_recordset(%s::json) as x(
        order_id uuid, version integer, annulled_recorded_at timestamptz)
    where a.order_id = x.order_id and a.version = x.version
"""

_FORGET: Final = """
    with x as (select order_id from json_to_recordset(%s::json) as x(order_id uuid)),
         stood as (delete from standings s using x where s.order_id = x.order_id)
    delete from visits v using x where v.order_id = x.order_id
"""

_DERIVE_VISITS: Final = (files("projections") / "status_visits.sql").read_bytes()
