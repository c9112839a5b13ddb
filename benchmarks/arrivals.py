"""How fast and how late events arrive, told from looks at positions while it happens."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression

from domain.messages import SHARDS


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at a moment."""

    at: float  # seconds of one monotonic clock
    positions: Mapping[int, int]  # by shard: everything up to it has arrived


@dataclass(frozen=True, slots=True)
class Sent:
    """When something was due to be sent, and where it then stood in the log."""

    at: float  # seconds of the same clock
    shard: int
    position: int


def count_arrived(log: Mapping[int, Sequence[int]], positions: Mapping[int, int]) -> int:
    """Count the events of a log up to a position in each shard.

    log: the positions of each shard's events, ascending
    """
    return sum(bisect_right(log.get(shard, ()), reached) for shard, reached in positions.items())


def rate(counts: Sequence[tuple[float, int]]) -> float:
    """Give events a second, from the first look at which any had arrived to the first complete one.

    What arrived by the first of these looks does not count, nor does the time before: programs
    start meanwhile. counts: (seconds of a clock, events arrived by then), in order of time

    Raises: ValueError if all arrived between two looks
    """
    begun = [(at, events) for at, events in counts if events > 0]
    complete = next(((at, events) for at, events in begun if events == begun[-1][1]), None)
    if complete is None or complete[1] == begun[0][1]:
        raise ValueError("too few events to tell how fast they arrive")
    return (complete[1] - begun[0][1]) / (complete[0] - begun[0][0])


def delays(sent: Iterable[Sent], looks: Sequence[Look]) -> list[float]:
    """Give the seconds until each was first seen to have arrived.

    Raises: ValueError for one that was never seen
    """
    reached = {shard: [look.positions.get(shard, 0) for look in looks] for shard in range(SHARDS)}
    found = []
    for one in sent:
        seen = bisect_left(reached[one.shard], one.position)
        if seen == len(looks):
            raise ValueError(f"position {one.position} of shard {one.shard} never arrived")
        found.append(looks[seen].at - one.at)
    return found


def growth(samples: Sequence[float]) -> float:
    """Give how far the most of the last quarter lies above the most of the two before it.

    The first quarter does not count: caches fill. Raises: ValueError for fewer than four samples
    """
    quarter = _quarter(samples)
    return max(samples[-quarter:]) - max(samples[quarter:-quarter])


def trend(samples: Sequence[float]) -> float:
    """Give how much all of a run would add, if it added as steadily as its last three quarters.

    It is the line with the least squares. What grows by little everywhere, `growth` does not see.
    The first quarter does not count. Raises: ValueError for fewer than four samples
    """
    later = samples[_quarter(samples) :]
    return linear_regression(range(len(later)), later).slope * len(samples)


def _quarter(samples: Sequence[float]) -> int:
    quarter = len(samples) // 4
    if not quarter:
        raise ValueError("too few samples to tell whether they grow")
    return quarter
