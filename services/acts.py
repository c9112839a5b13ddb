"""What somebody did, and was refused, over all streams: `orderpath audit who`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, get_args
from uuid import UUID

from domain.attempts import AttemptRefused
from domain.callers import AttemptsFlooded, stream_of
from domain.messages import ActorKind, Event, Recorded
from domain.orders import events as e
from domain.reading import Undecodable
from domain.rules.runs import rule_of
from projections.activity import subject_of

LAST: Final = 2**63 - 1  # position


class ActsLog(Protocol):
    """The log for auditors. infra.acts is the one behind it."""

    def of_actor(
        self, actor: str, kind: str | None, streams: Collection[str], span: range, limit: int
    ) -> Sequence[Recorded | Undecodable]:
        """Give what somebody did, or another did for him, within positions; the newest first.

        streams: what is told there is about him, too
        Shape:   0..limit events; fewer where they are large, yet one if there is any
        """

    def counted(
        self, span: range, sections: Mapping[str, str], late: timedelta
    ) -> Sequence[tuple[str, str, str, str | None, int]]:
        """Count what happened within positions by section, actor and for whom, the most first."""

    def listed(
        self, span: range, sections: Mapping[str, str], late: timedelta, limit: int
    ) -> Mapping[str, Sequence[Recorded | Undecodable]]:
        """Give the newest of each section, up to a limit."""

    def first_since(self, moment: datetime) -> int:
        """Give the position of the first event that the log took at a moment or later."""

    def command_names(self, command_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Give the stored names of commands that were answered."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose acts, of what time, and where the page begins."""

    actor: str
    kind: ActorKind | None = None  # of whoever acted
    since: datetime | None = None  # that the log took then or later
    until: datetime | None = None  # and before
    before: int | None = None  # position: only what is older
    limit: int = 100


def list_acts(log: ActsLog, wanted: Wanted) -> dict[str, Any]:
    """List what somebody did, what another did for him, and what he was refused; newest first.

    Shape: `acts`, 0..limit; `next`: the `before` of the next page, None if this was the last one
    """
    first = log.first_since(wanted.since) if wanted.since else 1
    end = log.first_since(wanted.until) if wanted.until else LAST
    span = range(first, min(end, wanted.before or LAST))
    kinds = (wanted.kind,) if wanted.kind else get_args(ActorKind)
    floods = [stream_of(kind, wanted.actor) for kind in kinds]
    found = log.of_actor(wanted.actor, wanted.kind, floods, span, wanted.limit)
    more = range(span.start, found[-1].position) if found else range(0)
    goes_on = bool(more and log.of_actor(wanted.actor, wanted.kind, floods, more, 1))
    return {"acts": tell(log, found), "next": found[-1].position if goes_on else None}


def tell(log: ActsLog, found: Iterable[Recorded | Undecodable]) -> list[dict[str, Any]]:
    """Tell of events who did what, to what, when, why, and whether it was refused."""
    events = list(found)
    names = log.command_names([one.command_id for one in events if isinstance(one, Recorded)])
    return [
        _damaged(one) if isinstance(one, Undecodable) else _told(one, names.get(one.command_id))
        for one in events
    ]


def _told(one: Recorded, command: str | None) -> dict[str, Any]:
    event, rule = one.event, rule_of(one)
    refused = isinstance(event, AttemptRefused | AttemptsFlooded)
    return {
        "position": one.position,
        "recorded_at": one.recorded_at,
        "occurred_at": one.occurred_at,
        "actor": {
            "kind": one.actor_kind,
            "id": one.actor_id,
            "on_behalf_of": one.on_behalf_of,
            "at_source": getattr(event, "actor", None),
        },
        "outcome": "refused" if refused else "done",
        "command": event.command if isinstance(event, AttemptRefused) else command,
        "stream": one.stream_id,
        "version": one.version,
        "event": event.NAME,
        "what": _what(event),
        "unmet": [unmet.code for unmet in getattr(event, "unmet", ())],
        "reason": one.reason or getattr(event, "reason", None),
        "reason_code": getattr(event, "reason_code", None),
        "rule": None if rule is None else {"name": rule[0], "version": rule[1]},
        "source": one.source,
        "command_id": str(one.command_id),
        "causation_id": None if one.causation_id is None else str(one.causation_id),
        "correlation_id": str(one.correlation_id),
        "error": None,
    }


def _damaged(one: Undecodable) -> dict[str, Any]:
    """What cannot be read is told nonetheless: somebody did it."""
    unknown = dict.fromkeys(
        ("recorded_at", "occurred_at", "actor", "outcome", "command", "what", "reason",
         "reason_code", "rule", "source", "command_id", "causation_id", "correlation_id")
    )  # fmt: skip
    return {
        **unknown,
        "position": one.position,
        "stream": one.stream_id,
        "version": one.version,
        "event": one.type,
        "unmet": [],
        "error": one.error,
    }


def _what(event: Event) -> str | None:
    """Say in few words what an event was about; nothing personal stands in it."""
    match event:
        case AttemptRefused(asked=asked):
            return ", ".join(f"{name} {value}" for name, value in asked.items()) or None
        case AttemptsFlooded(refused=refused, turned_away=turned_away):
            return f"{turned_away} turned away behind {refused} refused ones"
        case e.StatusChanged(from_status=source, to_status=target):
            return f"{source or 'nowhere'} to {target}"
        case e.OverrideUsed(from_status=source, to_status=target):
            return f"{source} to {target}"
        case e.TestFlagChanged(test=test):
            return "a test order" if test else "no test order"
        case e.FactAnnulled(annulled_version=version, annulled_type=name):
            return f"event {version}, {name}"
        case _:
            return subject_of(event)
