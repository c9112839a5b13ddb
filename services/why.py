"""Why an order is as it is: each of its events with the chain of what led to it.

An event names its command, and a command the one that led to it (causation): from a change of
status back to the rule, to the payment that the rule looked at, to whoever told of it.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from domain.messages import Recorded

LONGEST: Final = 50  # links of a chain


class CauseLog(Protocol):
    """The log for who asks why. infra.event_log is the one behind it."""

    def read_commands(self, command_ids: Sequence[UUID]) -> Sequence[Recorded]:
        """Give the events of commands, each with its whole envelope; one that stored none has none.

        Shape: by position
        """


@dataclass(frozen=True, slots=True)
class Link:
    """A command, and what it stored."""

    events: Sequence[Recorded]  # at least one

    @property
    def first(self) -> Recorded:
        return self.events[0]

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        first = self.first
        return {
            "command_id": str(first.command_id),
            "events": [
                {
                    "stream": one.stream_id,
                    "type": one.event.NAME,
                    "level": getattr(one.event, "level", None),
                    "position": one.position,
                }
                for one in self.events
            ],
            "actor": {
                "kind": first.actor_kind,
                "id": first.actor_id,
                "on_behalf_of": first.on_behalf_of,
            },
            "source": first.source,
            "occurred_at": first.occurred_at,
            "recorded_at": first.recorded_at,
        }


def chains_of(
    log: CauseLog, events: Sequence[Recorded], besides: Iterable[UUID] = ()
) -> list[list[Link]]:
    """Give for each command that changed an order the chain that led to it, itself first.

    events:  of the order
    besides: commands that changed something else because of it, as mails that rules asked for
    Shape:   one chain for each command, in the order of the log; each at most LONGEST links long
    """
    own = {*(one.command_id for one in events), *besides}
    known = _commands(log, own)
    chains = [[*_chain(known, command_id)] for command_id in own if command_id in known]
    return sorted(chains, key=lambda chain: chain[0].first.position)


def _commands(log: CauseLog, wanted: Set[UUID]) -> dict[UUID, Link]:
    """Read commands, then what led to those, and so on."""
    known: dict[UUID, Link] = {}
    for _ in range(LONGEST):
        if not wanted:
            break
        found: dict[UUID, list[Recorded]] = {}
        for one in log.read_commands([*wanted]):
            found.setdefault(one.command_id, []).append(one)
        known |= {command_id: Link(stored) for command_id, stored in found.items()}
        causes = {link[0].causation_id for link in found.values()}
        wanted = {one for one in causes if one is not None} - known.keys()
    return known


def _chain(known: dict[UUID, Link], command_id: UUID | None) -> Iterator[Link]:
    seen: set[UUID] = set()
    while command_id in known and command_id not in seen and len(seen) < LONGEST:
        assert command_id is not None
        seen.add(command_id)
        yield known[command_id]
        command_id = known[command_id].first.causation_id
