"""How long an order may stay in a status, and the moments that entering it sets."""

from datetime import datetime, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.messages import Code, Name, Shape
from domain.paths.calendars import BeyondCalendar, Calendar, after
from domain.paths.durations import Duration

MAX_LIMIT = timedelta(days=3_650)  # longer ones would run past the last date there is
Share = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}%$")]  # "50%"
LimitDuration = Annotated[Duration, Field(ge=timedelta(seconds=1), le=MAX_LIMIT)]


class Escalation(Shape):
    """Whom to tell when so much of the limit is used up."""

    at: Share
    to: dict[Literal["user", "group"], Name]


class Limit(Shape):
    """How long an order may stay in a status, by the wall clock or in working time."""

    wall: LimitDuration | None = None
    working: LimitDuration | None = None
    calendar: Code | None = None  # of the working time; None: the path's
    warn: Share | None = None
    escalate: tuple[Escalation, ...] = ()

    @model_validator(mode="after")
    def _one_kind_of_time(self) -> Self:
        if (self.wall is None) == (self.working is None):
            raise ValueError("a limit has one of wall and working: write which time counts")
        if self.working is None and self.calendar is not None:
            raise ValueError("a calendar is for working time: take it out, or write working")
        return self

    @model_validator(mode="after")
    def _each_share_once(self) -> Self:
        if len({step.at for step in self.escalate}) < len(self.escalate):
            raise ValueError("two escalations at the same share: name everybody in one `to`")
        return self

    @cached_property
    def levels(self) -> tuple[tuple[str, timedelta], ...]:
        """Each level with the time after which it is reached, earliest first: warn, due, …"""
        whole = self.wall or self.working or timedelta()
        levels = [] if self.warn is None else [("warn", _part(whole, self.warn))]
        levels.append(("due", whole))
        levels += [
            (f"escalate_{step.at.rstrip('%')}", _part(whole, step.at)) for step in self.escalate
        ]
        return tuple(sorted(levels, key=itemgetter(1)))


def out_of_reach(limit: Limit, now: datetime, calendar: Calendar) -> str | None:
    """Say why no order could enter with this limit now; None if it could."""
    try:
        deadlines_from(limit, now, calendar)
    except BeyondCalendar as error:
        return str(error)
    return None


def _part(whole: timedelta, share: str) -> timedelta:
    return whole * int(share.rstrip("%")) / 100


def deadlines_from(
    limit: Limit | None, entered_at: datetime, calendar: Calendar | None = None
) -> list[tuple[str, datetime]]:
    """Give the moments that entering a status sets, earliest first.

    calendar: of a limit in working time
    Raises:   BeyondCalendar if so much working time does not come
    """
    if limit is None:
        return []
    if limit.working is None:
        return [(level, entered_at + passed) for level, passed in limit.levels]
    assert calendar is not None
    return [(level, after(calendar, entered_at, passed)) for level, passed in limit.levels]
