"""How much a rule may send within a minute: what is beyond that waits for the next one.

Counted by each process that acts, by its own clock.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from projections.acts_taken import Act, Taken

MINUTE = timedelta(minutes=1)


class Pace:
    """Lets acts go in their order, all that a rule gave for one event together."""

    def __init__(self) -> None:
        self.minute = datetime.min.replace(tzinfo=UTC)
        self._gone: Counter[str] = Counter()  # by rule, within the minute
        self._spent: set[str] = set()  # rules

    def spent(self, now: datetime) -> list[str]:
        """Name the rules that may send nothing more within the minute of this moment: another
        minute also where the clock was set back.
        """
        if not self.minute <= now < self.minute + MINUTE:
            self.minute = now.replace(second=0, microsecond=0)
            self._gone.clear()
            self._spent.clear()
        return sorted(self._spent)

    def let_go(self, taken: Taken) -> tuple[Taken, list[Act]]:
        """Give what may be sent now, or is left out; of each order that has to wait the act that it
        waits with: behind that everything of the order waits, too.
        """
        going: list[Act] = []
        waiting: dict[str, Act] = {}  # by stream
        gone, spent = self._gone.copy(), set(self._spent)
        for _, run in groupby(taken.acts, key=attrgetter("position", "rule", "urgent")):
            together = [*run]
            first = together[0]
            if first.urgent:  # Waits for nobody, and counts for no rule.
                going += together
                continue
            if first.stream_id in waiting:
                continue
            if first.left_out:
                going += together
                continue
            # What is more at once than a rule ever may goes alone: it would wait for ever.
            too_many = gone[first.rule] + len(together) > first.per_minute
            if first.rule in spent or (gone[first.rule] > 0 and too_many):
                spent.add(first.rule)
                waiting[first.stream_id] = first
                continue
            gone[first.rule] += len(together)
            going += together
        return replace(taken, acts=going), [*waiting.values()]

    def went(self, sent: Iterable[Act], waiting: Iterable[Act]) -> None:
        """Hear what was sent and what waits, once that is noted: a step may be taken again."""
        self._gone.update(one.rule for one in sent if not (one.urgent or one.left_out))
        self._spent.update(one.rule for one in waiting)
