"""Why an order is as it is: each of its events with the chain of what led to it.

An event names its command, and a command the one that led to it (causation): from a change of
status back to the rule, to the payment that the rule looked at, to whoever told of it. Anybody may
name any cause, so of one that whoever asks does not reach it is told only that there is one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from uuid import UUID

from domain.messages import Recorded
from domain.reading import Undecodable
from domain.rules.runs import rule_of
from services.ways import ORDER, PathLog, Way, ways_of

LONGEST: Final = 50  # links of a chain
Reached = Callable[[str], bool]  # of a stream


class CauseLog(PathLog, Protocol):
    """The log for who asks why. infra.event_log is the one behind it."""

    def read_commands(
        self, command_ids: Sequence[UUID], *, opened: bool = False
    ) -> Sequence[Recorded]:
        """Give the events of commands, each with its whole envelope; one that stored none has none.

        Shape: by position
        """

    def command_names(self, command_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Give the stored names of commands that were answered."""

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]]
    ) -> Sequence[Recorded | Undecodable]:
        """Give events of many streams, of each those above one version and up to another."""


@dataclass(frozen=True, slots=True)
class Link:
    """A command, and what it stored."""

    events: Sequence[Recorded]  # at least one
    command: str | None = None  # its stored name
    ways: Mapping[int, Way] = field(default_factory=dict)  # by position, of what moved orders
    hidden: bool = False  # out of reach of whoever asks

    @property
    def first(self) -> Recorded:
        return self.events[0]

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        first = self.first
        if self.hidden:
            return {**dict.fromkeys(_TOLD), "command_id": str(first.command_id), "events": []}
        rule = rule_of(first)
        return {
            "command_id": str(first.command_id),
            "command": self.command,
            "events": [self._event(one) for one in self.events],
            "actor": {
                "kind": first.actor_kind,
                "id": first.actor_id,
                "on_behalf_of": first.on_behalf_of,
            },
            "reason": next((one.reason for one in self.events if one.reason is not None), None),
            "rule": None if rule is None else {"name": rule[0], "version": rule[1]},
            "source": first.source,
            "causation_id": None if first.causation_id is None else str(first.causation_id),
            "occurred_at": first.occurred_at,
            "recorded_at": first.recorded_at,
        }

    def _event(self, one: Recorded) -> dict[str, Any]:
        event, way = one.event, self.ways.get(one.position)
        return {
            "stream": one.stream_id,
            "version": one.version,
            "type": event.NAME,
            "level": getattr(event, "level", None),
            "position": one.position,
            "reason_code": getattr(event, "reason_code", None),
            "initiator": getattr(event, "initiator", None),
            "gateway_ref": getattr(event, "gateway_ref", None),
            "at_source": getattr(event, "actor", None),
            "way": None if way is None else way.as_dict(),
        }


_TOLD: Final = (
    *("command_id", "command", "events", "actor", "reason", "rule", "source", "causation_id"),
    *("occurred_at", "recorded_at"),
)


def chains_of(
    log: CauseLog,
    events: Sequence[Recorded],
    besides: Iterable[UUID] = (),
    reached: Reached | None = None,
) -> list[list[Link]]:
    """Give for each command that changed an order the chain that led to it, itself first.

    events:  of the order
    besides: commands that changed something else because of it, as mails that rules asked for
    reached: says of a stream whether whoever asks may hear of it; None: of every one
    Shape:   one chain for each command, in the order of the log; each at most LONGEST links long
    """
    own = {*(one.command_id for one in events), *besides}
    known = _explained(log, _commands(log, own, reached))
    chains = [[*_chain(known, command_id)] for command_id in own if command_id in known]
    return sorted(chains, key=lambda chain: chain[0].first.position)


def _commands(log: CauseLog, own: Set[UUID], reached: Reached | None) -> dict[UUID, Link]:
    """Read commands, then what led to those, and so on: behind a hidden one nothing."""
    known: dict[UUID, Link] = {}
    wanted = own
    for _ in range(LONGEST):
        if not wanted:
            break
        found = _links(log, wanted) if reached is None else _reached(log, wanted, own, reached)
        known |= found
        causes = {link.first.causation_id for link in found.values() if not link.hidden}
        wanted = {one for one in causes if one is not None} - known.keys()
    return known


def _links(log: CauseLog, wanted: Iterable[UUID], *, opened: bool = True) -> dict[UUID, Link]:
    found: dict[UUID, list[Recorded]] = {}
    for one in log.read_commands([*wanted], opened=opened):
        found.setdefault(one.command_id, []).append(one)
    return {command_id: Link(stored) for command_id, stored in found.items()}


def _reached(
    log: CauseLog, wanted: Set[UUID], own: Set[UUID], reached: Reached
) -> dict[UUID, Link]:
    """Read what is reached, and open nothing else. Of the order's own commands what they did to it
    is told; any other one is hidden that touched a thing out of reach.
    """
    found = _links(log, wanted, opened=False)
    seen = {
        command_id: [reached(one.stream_id) for one in link.events]
        for command_id, link in found.items()
    }
    shown = {
        command_id
        for command_id, each in seen.items()
        if all(each) or (command_id in own and any(each))
    }
    links = {
        command_id: replace(found[command_id], hidden=True) for command_id in found.keys() - shown
    }
    for command_id, link in _links(log, shown).items():
        told = [one for one in link.events if reached(one.stream_id)]
        links[command_id] = replace(link, events=told)
    return links


def _explained(log: CauseLog, known: Mapping[UUID, Link]) -> dict[UUID, Link]:
    """Say of each link what its command is called, and by which ways it moved orders."""
    names = log.command_names([*known])
    last: dict[str, int] = {}  # version, by stream
    for one in (one for link in known.values() if not link.hidden for one in link.events):
        if one.stream_id.startswith(ORDER):
            last[one.stream_id] = max(one.version, last.get(one.stream_id, 0))
    read = log.read_streams({stream: (0, version) for stream, version in last.items()})
    ways = ways_of(log, (one for one in read if isinstance(one, Recorded)))
    return {
        command_id: replace(link, command=names.get(command_id), ways=ways)
        for command_id, link in known.items()
    }


def _chain(known: dict[UUID, Link], command_id: UUID | None) -> Iterator[Link]:
    seen: set[UUID] = set()
    while command_id in known and command_id not in seen and len(seen) < LONGEST:
        assert command_id is not None
        seen.add(command_id)
        link = known[command_id]
        yield link
        command_id = None if link.hidden else link.first.causation_id
