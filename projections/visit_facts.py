"""What events tell of the stays of orders: the rows that status_visits is derived from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from domain.messages import Recorded
from domain.orders import events as e
from projections.interface import timeline_columns

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Rows of the tables of status_visits."""

    entries: list[Row] = field(default_factory=list)  # into a status
    snoozes: list[Row] = field(default_factory=list)  # of time limits
    pins: list[Row] = field(default_factory=list)  # paths that orders were migrated to
    acts: list[Row] = field(default_factory=list)  # by which orders are taken in hand
    annulled: list[Row] = field(default_factory=list)


def facts_of(batch: Sequence[Recorded]) -> VisitFacts:
    """Sort the events of orders into rows; what is not said of their paths is left to SQL."""
    facts = VisitFacts()
    for recorded in batch:
        if recorded.stream_id.startswith("order-"):
            _sort_in(recorded, facts)
    _fill_paths(facts.entries, facts.pins)
    return facts


def _sort_in(recorded: Recorded, facts: VisitFacts) -> None:
    match recorded.event:
        case e.DeadlineSnoozed() as snoozed:
            facts.snoozes.append(_snooze(recorded, snoozed))
            if recorded.actor_kind == "user":
                facts.acts.append(_act(recorded))
        case e.StatusChanged() as changed:
            facts.entries.append(
                _entry(recorded, changed.to_status, 0)
                | {
                    "reason_code": changed.reason_code,
                    "initiator": changed.initiator,
                    **_limits(changed.deadlines),
                }
            )
        case e.PathMigrated() as migrated:
            facts.pins.append(_pin(recorded, migrated))
            if migrated.entered:
                entry = _entry(recorded, migrated.to_status, 0) | _pin(recorded, migrated)
                facts.entries.append(entry | _limits(migrated.deadlines) | {"migrated": True})
        case e.StatusRecorded() as fact:
            entry = _entry(recorded, fact.to_status, fact.rank)
            facts.entries.append(entry | _told(recorded, fact) | {"time_source": fact.time_source})
        case e.OrderPlaced() as placed:
            entry = _entry(recorded, placed.status, placed.rank)
            facts.entries.append(entry | _told(recorded, placed) | _limits(placed.deadlines))
        case e.OwnerAssigned(user=user, group=group):
            assigned = {"assigns": True, "owner_user": user, "owner_group": group}
            facts.acts.append(_act(recorded) | assigned)
        case e.FactAnnulled(annulled_version=version):
            facts.annulled.append(
                {
                    "order_id": recorded.entity_id,
                    "version": version,
                    "annulled_recorded_at": recorded.recorded_at,
                }
            )
        case e.CallLogged(operator=str()):  # Also where a telephony program tells of it.
            facts.acts.append(_act(recorded))
        case _ if recorded.actor_kind == "user":
            facts.acts.append(_act(recorded))
        case _:
            pass


def _entry(recorded: Recorded, status: str, rank: int) -> Row:
    return {
        "order_id": recorded.entity_id,
        "status": status,
        **timeline_columns(recorded, rank),
        "time_source": "recorded",
        "migrated": False,
        "actor_kind": recorded.actor_kind,
        "actor_id": recorded.actor_id,
        "command_id": recorded.command_id,
        "causation_id": recorded.causation_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _told(recorded: Recorded, event: e.OrderPlaced | e.StatusRecorded) -> Row:
    return {
        "path": event.path,
        "path_version": event.path_version,
        "actor_id": event.actor or recorded.actor_id,
        "role": event.role,
        "reason_code": event.reason_code,
    }


def _pin(recorded: Recorded, event: e.PathMigrated) -> Row:
    return {
        "order_id": recorded.entity_id,
        "version": recorded.version,
        "path": event.path,
        "path_version": event.path_version,
    }


def _limits(deadlines: tuple[e.Deadline, ...]) -> Row:
    if not deadlines:
        return {}
    due_at = next((deadline.at for deadline in deadlines if deadline.level == "due"), None)
    return {"due_at": due_at, "deadlines": deadlines}


def _snooze(recorded: Recorded, event: e.DeadlineSnoozed) -> Row:
    return {
        "order_id": recorded.entity_id,
        "entered": event.entered,
        "due_at": event.until,
        "occurred_at": recorded.occurred_at,
        "version": recorded.version,
        "recorded_at": recorded.recorded_at,
    }


def _act(recorded: Recorded) -> Row:
    return {
        "order_id": recorded.entity_id,
        **timeline_columns(recorded),
        "assigns": False,
        "version": recorded.version,
        "recorded_at": recorded.recorded_at,
    }


def _fill_paths(entries: list[Row], pins: list[Row]) -> None:
    """Decided moves do not name the order's path; what is not in the batch, SQL looks up."""
    pinned: dict[str, tuple[str, int]] = {}
    rows = sorted((*pins, *entries), key=itemgetter("version")) if pins else entries
    for row in rows:
        if "status" not in row:
            pinned[row["order_id"]] = (row["path"], row["path_version"])
        elif "path" in row:
            pinned.setdefault(row["order_id"], (row["path"], row["path_version"]))
        elif row["order_id"] in pinned:
            row["path"], row["path_version"] = pinned[row["order_id"]]
