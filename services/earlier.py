"""Which of the commands that another one names have changed something. Asked by services.rounds for
conditions that an earlier command may have made untrue, and for what is taken behind another one.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.batch import Log
from domain.facts import Facts
from domain.messages import Command
from domain.orders.only_if import earlier_than

if TYPE_CHECKING:
    from services.rounds import Round


def with_earlier(facts: Facts, command: Command, log: Log, into: "Round") -> Facts:
    """Give the facts with those of the named commands that changed something: just now, or in the
    log. A repeated one that changes nothing now may have done so the first time.
    """
    earlier = earlier_than(command)
    if not earlier:
        return facts
    on_their_way = into.on_their_way(earlier)
    found = {id_ for id_, one in on_their_way.items() if one.kind == "accepted"}
    if missing := earlier - found:
        stored = log.load_outcomes([*missing])
        found |= {id_ for id_, one in stored.items() if one.outcome.kind == "accepted"}
    return replace(facts, accepted=frozenset(found))


def read_by_earlier(command: Command, into: "Round") -> Iterator[str]:
    """Name what those of the named commands have read that are on their way: who asks for their
    answers is set back with them.
    """
    for one in into.on_their_way(earlier_than(command)).values():
        yield from one.reads
