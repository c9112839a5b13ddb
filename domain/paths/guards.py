"""Conditions on publishing. Each gives what is unmet, nothing if all is well."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sized
from datetime import datetime

from domain.paths.calendars import Calendar
from domain.paths.path import OrderPath
from domain.refusals import Unmet

MAX_TOUCHED = 1_000  # roles and owners that one version alerts


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
