"""When an order must have left the status that it enters. Written into the event once: calendars
and paths that are published later never move it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.facts import Facts
from domain.orders.context import Situation
from domain.orders.events import Deadline, Paused, TimeLeft
from domain.orders.order import Order
from domain.paths.calendars import BeyondCalendar, Calendar, after, working_time
from domain.paths.limits import Limit, deadlines_from
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet

Deadlines = tuple[Deadline, ...]


def deadlines_of(
    path: OrderPath, status: str, at: datetime, facts: Facts, *, paused: Paused | None = None
) -> Deadlines:
    """Give the moments that entering a status sets, by the calendar of this moment.

    paused: what was left when the clock of this status was paused; it goes on from there.
    Raises: Refusal deadline_out_of_reach
    """
    limit = path.statuses[status].limit
    if limit is None:
        return ()
    calendar = _calendar_of(path, limit, facts)
    try:
        if paused is not None and paused.status == status:
            return tuple(_going_on(paused.left, at, calendar))
        return tuple([Deadline(level, when) for level, when in deadlines_from(limit, at, calendar)])
    except BeyondCalendar as error:
        unmet = Unmet(code="deadline_out_of_reach", field="to_status", message=str(error))
        raise Refusal(unmet) from error


def paused_by(situation: Situation, target: str) -> Paused | None:
    """Give what is left of the limit when the order enters a status that pauses the clock."""
    order, path, at = situation.order, situation.path, situation.now
    if not path.statuses[target].pauses_clock:
        return None
    left = path.statuses.get(order.status or "")
    if left is None or left.pauses_clock:
        return order.limit.paused
    if left.limit is None or not standing(order):
        return None
    calendar = _calendar_of(path, left.limit, situation.facts)
    return Paused(
        order.status or "",
        tuple(
            [TimeLeft(one.level, _seconds_until(one.at, at, calendar)) for one in standing(order)]
        ),
    )


def standing(order: Order) -> Deadlines:
    """Give the deadlines of the stay in which the order is; where a fact brought it has none."""
    if not order.timeline or order.timeline[-1].version != order.limit.entered:
        return ()
    return order.limit.deadlines


def due_at_of(deadlines: Deadlines) -> datetime:
    """Give the moment when the limit ends."""
    return next((one.at for one in deadlines if one.level == "due"), deadlines[0].at)


def snoozed(situation: Situation, until: datetime) -> Deadlines:
    """Give the deadlines if the limit ends at another moment. What warned of the old one is gone;
    what comes after keeps its distance, by the clock of the limit.

    Raises: Refusal deadline_out_of_reach
    """
    path, order = situation.path, situation.order
    deadlines = standing(order)
    due_at = due_at_of(deadlines)
    limit = path.statuses[order.status or ""].limit
    calendar = _calendar_of(path, limit, situation.facts) if limit else None
    later = [one for one in deadlines if one.at >= due_at]
    left = [TimeLeft(one.level, _seconds_until(one.at, due_at, calendar)) for one in later]
    try:
        return tuple(_going_on(left, until, calendar))
    except BeyondCalendar as error:
        unmet = Unmet(code="deadline_out_of_reach", field="until", message=str(error))
        raise Refusal(unmet) from error


def _calendar_of(path: OrderPath, limit: Limit, facts: Facts) -> Calendar | None:
    name = path.calendar_of(limit)
    return facts.calendars[name] if name else None


def _seconds_until(moment: datetime, now: datetime, calendar: Calendar | None) -> int:
    left = working_time(calendar, now, moment) if calendar else moment - now
    return round(left.total_seconds())


def _going_on(
    left_over: Sequence[TimeLeft], at: datetime, calendar: Calendar | None
) -> list[Deadline]:
    """What had passed already has passed; the rest goes on by the same clock."""
    deadlines = []
    for one in left_over:
        left = timedelta(seconds=one.seconds)
        when = after(calendar, at, left) if calendar and one.seconds > 0 else at + left
        deadlines.append(Deadline(one.level, when))
    return deadlines
