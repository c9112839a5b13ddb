"""Which of the commands that another one names have changed something. Asked by services.rounds for
conditions that an earlier command may have made untrue, and for what is taken behind another one.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain.batch import Log
from domain.facts import Facts
from domain.messages import Command
from domain.orders.only_if import earlier_than
from domain.refusals import InfraError

if TYPE_CHECKING:
    from services.rounds import Round


MOST_UNANSWERED: Final = 10_000  # that are remembered, the latest


class Unanswered:
    """Commands that got no answer for a fault of what is below, and will be sent again: whatever
    asks for their answers waits for them, else it would be `nothing` for ever."""

    def __init__(self) -> None:
        self._faults: OrderedDict[UUID, InfraError] = OrderedDict()

    def note(self, command: Command, error: Exception) -> None:
        """Take note of why a command has no answer."""
        if isinstance(error, InfraError):
            self._faults[command.command_id] = error
            if len(self._faults) > MOST_UNANSWERED:
                self._faults.popitem(last=False)

    def decided(self, command: Command) -> None:
        """Take note that a command is decided now, whatever the answer is."""
        self._faults.pop(command.command_id, None)

    def check(self, wanted: Collection[UUID]) -> None:
        """Look whether any of them is to be answered yet. Raises: InfraError, then one is"""
        for command_id in wanted:
            if (fault := self._faults.get(command_id)) is not None:
                raise InfraError(
                    "earlier_unanswered",
                    f"The command {command_id} that this one asks for has no answer yet: {fault}",
                    fault.stream_id,
                )


def with_earlier(
    facts: Facts, command: Command, log: Log, into: "Round", unanswered: Unanswered
) -> Facts:
    """Give the facts with those of the named commands that changed something: just now, or in the
    log. A repeated one that changes nothing now may have done so the first time.

    Raises: InfraError if one of them is to be answered yet
    """
    earlier = earlier_than(command)
    if not earlier:
        return facts
    on_their_way = into.on_their_way(earlier)
    found = {id_ for id_, one in on_their_way.items() if one.kind == "accepted"}
    if missing := earlier - found:
        stored = log.load_outcomes([*missing])
        unanswered.check(missing - stored.keys() - on_their_way.keys())
        found |= {id_ for id_, one in stored.items() if one.outcome.kind == "accepted"}
    return replace(facts, accepted=frozenset(found))


def read_by_earlier(command: Command, into: "Round") -> Iterator[str]:
    """Name what those of the named commands have read that are on their way: who asks for their
    answers is set back with them.
    """
    for one in into.on_their_way(earlier_than(command)).values():
        yield from one.reads
