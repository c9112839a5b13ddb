"""Which of the commands that another one names have changed something. Asked by services.rounds for
conditions that an earlier command may have made untrue, and for what is taken behind another one.
"""

from collections import ChainMap
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.batch import Log
from domain.facts import Facts
from domain.messages import Command
from domain.orders.only_if import earlier_than

if TYPE_CHECKING:
    from services.rounds import Round


def with_earlier(
    facts: Facts, command: Command, log: Log, into: "Round", reached: frozenset[str] | None
) -> Facts:
    """Give the facts with those of the named commands that changed something: just now, or in the
    log. A repeated one that changes nothing now may have done so the first time.

    reached: only those count that changed one of these streams; None: whatever they changed
    """
    earlier = earlier_than(command)
    if not earlier:
        return facts
    known = ChainMap(into.accepted, into.before.accepted if into.before is not None else {})
    found = {id_: known[id_] for id_ in earlier if id_ in known}
    if missing := earlier - found.keys():
        for id_, one in log.load_outcomes([*missing]).items():
            if one.outcome.kind == "accepted":
                found[id_] = frozenset(one.outcome.versions)
    if reached is not None:
        found = {id_: changed for id_, changed in found.items() if changed & reached}
    return replace(facts, accepted=frozenset(found))
