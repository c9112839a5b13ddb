"""Read model `status_visits`: where each order was, from when to when, and whose it was.

status_entries holds the facts as they came; visits is derived from them for each touched order,
in timeline order, so that it depends on the facts only and never on the order of their arrival.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from projections.interface import Tx, write
from projections.visit_facts import facts_of

FROM_THE_START: Final = "-infinity"


class StatusVisits:
    """One row of visits per stay of an order in a status."""

    name: Final = "status_visits"
    version: Final = 3
    tables: Final = ("status_entries", "snoozes", "pins", "acts", "visits", "standings")
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
            migrated              boolean not null, -- no path was asked whether it allows this
            command_id            uuid not null,
            causation_id          uuid,
            version               integer not null,
            position              bigint not null,
            recorded_at           timestamptz not null,
            annulled_recorded_at  timestamptz,      -- set: the fact was wrong, it does not count
            primary key (order_id, occurred_at, version)
        );
        -- Time limits that were put off.
        create table snoozes (
            order_id              uuid not null,
            entered               integer not null, -- version of the event that began the stay
            due_at                timestamptz not null, -- by then
            occurred_at           timestamptz not null,
            version               integer not null,
            recorded_at           timestamptz not null,
            primary key (order_id, version)
        );
        -- The path that an order follows from its version `version` on, if it was migrated.
        create table pins (
            order_id              uuid not null,
            version               integer not null,
            path                  text not null,
            path_version          integer not null,
            primary key (order_id, version)
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
            due_at           timestamptz, -- as it was put off last
            first_due_at     timestamptz,
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
        facts = facts_of(batch)
        touched: dict[str, Any] = {}
        for row in (*facts.entries, *facts.snoozes, *facts.acts):
            at = touched.setdefault(row["order_id"], row["occurred_at"])
            touched[row["order_id"]] = min(at, row["occurred_at"])
        write(tx, _INSERT_PINS, facts.pins)
        write(tx, _INSERT_ENTRIES, facts.entries)
        write(tx, _INSERT_SNOOZES, facts.snoozes)
        write(tx, _INSERT_ACTS, facts.acts)
        touched |= {row["order_id"]: FROM_THE_START for row in facts.annulled}
        write(tx, _ANNUL_ENTRIES, facts.annulled)
        write(tx, _ANNUL_ACTS, facts.annulled)
        write(tx, _FORGET, facts.annulled)
        rows = [{"order_id": order_id, "at": at} for order_id, at in touched.items()]
        write(tx, _DERIVE_VISITS, rows)


_INSERT_PINS: Final = """
    insert into pins (order_id, version, path, path_version)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, version integer, path text, path_version integer)
"""

_INSERT_ENTRIES: Final = """
    insert into status_entries (
        order_id, status, path, path_version, occurred_at, is_decision, timeline_no, fact_id,
        time_source, actor_kind, actor_id, role, reason_code, initiator, due_at, deadlines,
        migrated, command_id, causation_id, version, position, recorded_at)
    select x.order_id, x.status, coalesce(x.path, pinned.path, first.path),
           coalesce(x.path_version, pinned.path_version, first.path_version),
           x.occurred_at, x.is_decision, x.timeline_no, x.fact_id, x.time_source,
           x.actor_kind, x.actor_id, x.role, x.reason_code, x.initiator, x.due_at, x.deadlines,
           x.migrated, x.command_id, x.causation_id, x.version, x.position, x.recorded_at
    from json_to_recordset(%s::json) as x(
        order_id uuid, status text, path text, path_version integer, occurred_at timestamptz,
        is_decision boolean, timeline_no integer, fact_id uuid, time_source text,
        actor_kind text, actor_id text, role text, reason_code text, initiator text,
        due_at timestamptz, deadlines jsonb, migrated boolean, command_id uuid, causation_id uuid,
        version integer, position bigint, recorded_at timestamptz)
    left join lateral (
        select p.path, p.path_version from pins p
        where x.path is null and p.order_id = x.order_id and p.version < x.version
        order by p.version desc limit 1
    ) pinned on true
    left join lateral (
        select e.path, e.path_version from status_entries e
        where x.path is null and e.order_id = x.order_id limit 1
    ) first on true
"""

_INSERT_SNOOZES: Final = """
    insert into snoozes (order_id, entered, due_at, occurred_at, version, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, entered integer, due_at timestamptz, occurred_at timestamptz,
        version integer, recorded_at timestamptz)
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
