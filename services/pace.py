"""How much a rule may send within a minute: what is beyond that waits for the next one.

Counted by each process that acts, by its own clock.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from projections.acting import Act

MINUTE = timedelta(minutes=1)


class Pace:
    """Lets acts go in their order, event by event."""

    def __init__(self) -> None:
        self.minute = datetime.min.replace(tzinfo=UTC)
        self._gone: Counter[str] = Counter()  # by rule, within the minute

    def let_go(self, acts: Sequence[Act], now: datetime) -> tuple[list[Act], list[Act]]:
        """Give what may be sent now, and of each rule that has to wait the act that it waits with.

        acts: in the order of the log; behind one that waits everything of its shard does
        """
        if now >= self.minute + MINUTE:
            self.minute = now.replace(second=0, microsecond=0)
            self._gone.clear()
        going: list[Act] = []
        waiting: dict[str, Act] = {}
        held: set[int] = set()  # shards
        for _, event in groupby(acts, key=attrgetter("position")):
            together = [*event]
            hasty = [*self._hasty(together)]
            if together[0].shard in held or hasty:
                held.add(together[0].shard)
                waiting |= {act.rule: act for act in hasty}
                continue
            self._gone.update(act.rule for act in together)
            going += together
        return going, [*waiting.values()]

    def _hasty(self, acts: Sequence[Act]) -> Iterator[Act]:
        """Give the acts of an event that their rules may not send in this minute.

        A rule that gives more at once than it ever may sends that alone: it would wait for ever.
        """
        coming = Counter(act.rule for act in acts)
        for act in acts:
            gone = self._gone[act.rule]
            if gone and gone + coming[act.rule] > act.per_minute:
                yield act
