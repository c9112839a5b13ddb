"""What an auditor looks at every day: `orderpath audit day`. Read from the log, by when the log
took it, so the report of a day that is over never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.attempts import AttemptRefused
from domain.callers import AttemptsFlooded
from domain.orders import events as e
from domain.rules.triggers import unversioned
from services.acts import ActsLog, tell

A_DAY: Final = timedelta(days=1)
STILL_ON_ITS_WAY: Final = timedelta(minutes=1)  # what was recorded at the end of the day
LATE: Final = "late_facts"
# Section by event, whatever its version. customer.erased is of whoever erases people.
SECTIONS: Final[Mapping[str, str]] = {
    unversioned(e.OverrideUsed.NAME): "overrides",
    unversioned(AttemptRefused.NAME): "refusals",
    unversioned(AttemptsFlooded.NAME): "turned_away",
    unversioned(e.FactAnnulled.NAME): "corrections",
    "customer.erased": "erasures",
    unversioned(e.TestFlagChanged.NAME): "test_flags",
}
NAMES: Final = (
    "overrides",
    "refusals",
    "turned_away",
    LATE,
    "corrections",
    "erasures",
    "test_flags",
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day somewhere."""

    date: date
    zone: ZoneInfo

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.date, time_of_day(), self.zone)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.date + A_DAY, time_of_day(), self.zone)


def report_day(
    log: ActsLog, day: Day, *, now: datetime, late: timedelta, limit: int
) -> dict[str, Any]:
    """Report overrides, refusals, late facts, corrections, erasures and changed test flags.

    late:  a fact counts as late that was recorded so much after it happened
    Shape: each section with `total`, `by` (0..limit actors) and `listed` (0..limit, newest first)
    """
    span = range(log.first_since(day.begins_at), log.first_since(day.ends_at))
    counts = log.counted(span, SECTIONS, late)
    listed = log.listed(span, SECTIONS, late, limit)
    return {
        "day": day.date,
        "zone": day.zone.key,
        "begins_at": day.begins_at,
        "ends_at": day.ends_at,
        "is_over": day.ends_at + STILL_ON_ITS_WAY <= now,
        "events": len(span),
        "first_position": span.start if span else None,
        "last_position": span[-1] if span else None,
        "late_seconds": round(late.total_seconds()),
        "sections": {
            name: {
                "total": sum(count[-1] for count in counts if count[0] == name),
                "by": [_counted(*count[1:]) for count in counts if count[0] == name][:limit],
                "listed": tell(log, listed.get(name, ())),
            }
            for name in NAMES
        },
    }


def _counted(kind: str, actor_id: str, on_behalf_of: str | None, times: int) -> dict[str, Any]:
    return {"kind": kind, "id": actor_id, "on_behalf_of": on_behalf_of, "times": times}
