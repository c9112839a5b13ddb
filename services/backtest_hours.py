"""Fixed hours of rules, one after the other, as they come while a backtest goes through the log."""

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import datetime
from heapq import heappop, heappush

from domain.rules.book import InForce
from domain.rules.schedules import next_hour


class FixedHours:
    """Those of the rules in force, behind a moment."""

    def __init__(self, rules: InForce, after: datetime) -> None:
        self._rules = rules
        self._coming: list[tuple[datetime, int]] = []  # with the place of the rule's trigger
        for number in range(len(rules.scheduled)):
            self._await(number, after)

    @property
    def next_at(self) -> datetime | None:
        return self._coming[0][0] if self._coming else None

    def take(self) -> Mapping[str, Set[str]]:
        """Go on behind the next hour; name the rules that have it, with their statuses."""
        found: dict[str, set[str]] = defaultdict(set)
        hour = self.next_at
        while hour is not None and self.next_at == hour:
            _, number = heappop(self._coming)
            one, on = self._rules.scheduled[number]
            found[one.name].update(on.in_)
            self._await(number, hour)
        return found

    def _await(self, number: int, after: datetime) -> None:
        _, on = self._rules.scheduled[number]
        calendar = self._rules.calendars.get(on.schedule.calendar)
        hour = next_hour(on.schedule, calendar, after) if calendar else None
        if hour is not None:
            heappush(self._coming, (hour, number))
