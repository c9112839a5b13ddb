"""One order through time: its history, its state at any moment, what changed in between.

Everything is computed from the order's events alone; used by the CLI, later by the API.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.orders.candidates import Candidate
from domain.orders.order import Order
from domain.orders.timeline import TimelineKey, key_of
from domain.reading import evolved
from domain.rules.runs import rule_of
from services.order_view import View, difference, view_of
from services.ways import Way

NO_WAYS: Final[Mapping[int, Way]] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an event changed, with everything the log knows about it."""

    recorded: Recorded
    field: str
    before: Any
    after: Any
    annulled: bool  # a later correction says that this event was wrong
    way: Way | None = None  # of a status: what its path had to say

    def as_dict(self) -> dict[str, Any]:
        """Give the change with its stable keys."""
        event, recorded = self.recorded.event, self.recorded
        rule = rule_of(recorded)
        return {
            "version": recorded.version,
            "position": recorded.position,
            "event": event.NAME,
            "occurred_at": recorded.occurred_at,
            "recorded_at": recorded.recorded_at,
            "actor": {
                "kind": recorded.actor_kind,
                "id": recorded.actor_id,
                "on_behalf_of": recorded.on_behalf_of,
                "at_source": getattr(event, "actor", None),
            },
            "field": self.field,
            "from": self.before,
            "to": self.after,
            "reason": recorded.reason,
            "reason_code": getattr(event, "reason_code", None),
            "initiator": getattr(event, "initiator", None),
            "time_source": getattr(event, "time_source", "recorded"),
            "nonconforming": list(getattr(event, "nonconforming", ())),
            "source": recorded.source,
            "command_id": str(recorded.command_id),
            "correlation_id": str(recorded.correlation_id),
            "causation_id": str(recorded.causation_id) if recorded.causation_id else None,
            "rule": None if rule is None else {"name": rule[0], "version": rule[1]},
            "way": None if self.way is None else self.way.as_dict(),
            "annulled": self.annulled,
        }


def known_by(
    events: Iterable[Recorded], as_of: datetime | None, as_known: datetime | None
) -> list[Recorded]:
    """Keep what had happened by `as_of`, as far as the log knew by `as_known`; both inclusive.

    A correction counts from when it is known, not from when it was made: what is known to be
    wrong was wrong from the start.
    """
    return [
        recorded
        for recorded in events
        if (as_known is None or recorded.recorded_at <= as_known)
        and (
            as_of is None
            or recorded.occurred_at <= as_of
            or isinstance(recorded.event, e.FactAnnulled)
        )
    ]


def state_of(events: Iterable[Recorded]) -> Order:
    """Fold the events of one order, in the order of its stream.

    Raises: InfraError event_unreadable where one says what cannot be
    """
    return reduce(evolved_order, events, Order())


def evolved_order(order: Order, recorded: Recorded) -> Order:
    """Give the order behind one more of its events. Raises: as state_of"""
    return evolved(recorded.stream_id, order, recorded)


def changes_of(
    events: Sequence[Recorded], order_id: object, ways: Mapping[int, Way] = NO_WAYS
) -> list[Change]:
    """List every change of an order, in the order in which things happened.

    ways:  what allowed its moves, by position: services.ways
    Shape: one row per field that an event changed; an event that changed none has one row.
    """
    annulled = {
        recorded.event.annulled_version
        for recorded in events
        if isinstance(recorded.event, e.FactAnnulled)
    }
    order = Order()
    before = view_of(order, order_id)
    changes: list[Change] = []
    for recorded in _as_it_happened(events):
        status = order.status
        order = evolved_order(order, recorded)
        after = view_of(order, order_id)
        was_wrong = recorded.version in annulled
        changes += (
            Change(
                recorded,
                *row,
                was_wrong,
                ways.get(recorded.position) if row[0] == "status" else None,
            )
            for row in _rows(recorded, before, after, status)
        )
        before = after
    return changes


def _as_it_happened(events: Sequence[Recorded]) -> list[Recorded]:
    """Sort into the order's own time; a correction never stands before what it corrects."""
    keys = {recorded.version: _key(recorded) for recorded in events}

    def place(recorded: Recorded) -> tuple[TimelineKey, int]:
        own = keys[recorded.version]
        if isinstance(recorded.event, e.FactAnnulled):
            own = max(own, keys.get(recorded.event.annulled_version, own))
        return own, recorded.version

    return sorted(events, key=place)


def _key(recorded: Recorded) -> TimelineKey:
    rank = getattr(recorded.event, "rank", None)
    return key_of(recorded.occurred_at, recorded.version, rank, recorded.fact_id)


def _rows(
    recorded: Recorded, before: View, after: View, status: str | None
) -> Iterator[tuple[str, Any, Any]]:
    """Give (field, from, to): what the event says first, then what followed from it."""
    said = list(_said(recorded.event, status))
    fields = {field for field, _, _ in said}
    followed = [row for row in difference(before, after) if row[0] not in fields]
    rows = [*said, *followed]
    yield from rows or [(recorded.event.NAME, None, None)]


def _said(event: Event, status: str | None) -> Iterator[tuple[str, Any, Any]]:
    match event:
        case e.OrderPlaced():
            yield "status", status, event.status
            yield from _told(event)
        case e.StatusChanged() | e.PathMigrated(entered=True):
            yield "status", status, event.to_status
        case e.StatusRecorded():
            yield "status", status, event.to_status
            yield from _told(event)
        case e.OverrideUsed():
            yield "override", event.from_status, event.to_status
        case e.PaymentSubmitted():
            yield f"payments.{event.payment_id}.method", None, event.method
            yield from _told(event)
        case e.PaymentEvent():
            yield from _told(event)
        case e.OwnerAssigned(why=why, candidates=candidates) if why is not None:
            yield "shared_out", None, why
            yield "candidates", None, list(map(_candidate, candidates or ()))
        case e.DeadlinePassed():
            yield f"deadline.{event.level}", event.due_at, "passed"
        case e.DeadlineSnoozed():
            yield "deadline.due", None, event.until
        case e.NoteAdded():
            yield "note", None, event.text
        case e.CallLogged():
            yield "call", None, f"{event.direction}, {event.result}"
        case e.SourceStatusNoted():
            yield "source_status", None, event.source_status
        case e.FactAnnulled():
            yield f"event {event.annulled_version}", event.annulled_type, "annulled"
        case _:
            pass


def _candidate(one: Candidate) -> str:
    """Say how many orders a member held, and what kept it from one more: `ann 2 (absent)`."""
    return f"{one.member} {one.load}" + (f" ({one.why_not})" if one.why_not else "")


def _told(event: e.Told) -> Iterator[tuple[str, Any, Any]]:
    """Other columns of the source, the personal ones as they are allowed to be seen."""
    for name, value in (event.attributes or {}).items():
        yield f"attributes.{name}", None, value
    if event.personal is not None:
        yield "personal", None, event.personal
