"""Conditions on publishing. Each gives what is unmet, nothing if all is well."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sized
from datetime import datetime

from domain.paths.calendars import Calendar
from domain.paths.closing import Closing, closing
from domain.paths.path import OrderPath
from domain.refusals import Unmet

MAX_TOUCHED = 1_000  # roles and owners that one version alerts

_IS: Mapping[Closing, str] = {
    "missing": "this version does not have",
    "inactive": "is not active in this version",
    "final": "ends orders in this version",
}


def calendars_are_published(wanted: Iterable[str], published: Container[str]) -> Iterator[Unmet]:
    for name in wanted:
        if name not in published:
            yield Unmet(
                code="calendar_unknown",
                field="definition.calendar",
                message=f"No calendar {name} is published",
                needed="publish the calendar first, or name one that is",
            )


def limits_are_in_reach(
    path: OrderPath, calendars: Mapping[str, Calendar], now: datetime
) -> Iterator[Unmet]:
    """A status that no order could enter is no part of a path."""
    for status, why in path.out_of_reach(now, calendars):
        yield Unmet(
            code="limit_out_of_reach",
            field=f"definition.statuses.{status}.limit",
            message=f"No order could enter {status}: {why}",
            needed="a shorter limit, or a calendar with more hours",
        )


def touched_are_few(touched: Sized) -> Iterator[Unmet]:
    """Everybody whom a version touches is alerted in the decision that publishes it."""
    if len(touched) > MAX_TOUCHED:
        yield Unmet(
            code="too_many_touched",
            field="definition",
            message=f"{len(touched)} roles and owners would have to be alerted of this version",
            needed=f"at most {MAX_TOUCHED}: publish it in several steps, or name fewer",
        )


def statuses_in_use_stay_open(
    path: OrderPath, before: OrderPath | None, standing: Mapping[str, int]
) -> Iterator[Unmet]:
    """A version closes no status in which orders are, unless the one before had closed it.

    standing: how many orders that are not finished are in each status
    """
    if before is None or before.content_hash == path.content_hash:
        return
    for status, orders in standing.items():
        why = closing(path, status)
        if why is not None and closing(before, status) is None:
            yield _in_use(status, orders, why)


def _in_use(status: str, orders: int, why: Closing) -> Unmet:
    count = "1 order is" if orders == 1 else f"{orders} orders are"
    which = f"which {_IS[why]}" if why == "missing" else f"and it {_IS[why]}"
    return Unmet(
        code="status_in_use",
        field=f"definition.statuses.{status}",
        message=f"{count} in {status}, {which}",
        needed="move them first; or publish it all the same (strand), and migrate them",
    )
