"""Whether others append to the log as well, and what is left to them: used by the clock.

The log numbers its events without gaps, so whoever knows where its own events stand sees those of
all others between them, from whatever process they came.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from domain.messages import Outcome

TIMES: Final = 2  # a rest is so many times as long as the work before it
LONGEST_SECONDS: Final = 2.0  # of a rest


class Courtesy:
    """Hears the answers of one sender, in the order in which it sent; tells how long to rest.

    Whoever rests twice as long as it works takes a third of the time. So even if it left the others
    nothing while it works, they would keep two thirds of their speed.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._position = 0  # of the last event of ours; 0: none yet
        self._since = 0.0
        self.are_others = False  # they appended between events of ours

    def begin(self) -> None:
        """Forget where our events stand: what others did while nothing was sent says nothing."""
        self._position, self.are_others = 0, False
        self._since = self._seconds()

    def hear(self, outcomes: Sequence[Outcome]) -> None:
        """Look whether events of others stand between those of these answers, or before them."""
        new = [one for one in outcomes if one.events and not one.repeated]
        if not new:
            return
        first = min(one.first_position or 0 for one in new)
        last = max(one.last_position or 0 for one in new)
        begin = self._position or first - 1
        self.are_others = last - begin > sum(one.events for one in new)
        self._position = last

    def rest_seconds(self) -> float:
        """Give for how long to rest now: twice as long as it took since the rest before."""
        worked = self._seconds() - self._since
        return min(worked * TIMES, LONGEST_SECONDS) if self.are_others else 0.0

    def rested(self) -> None:
        """Work begins again."""
        self._since = self._seconds()
