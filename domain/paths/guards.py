"""Conditions on publishing. Each gives what is unmet, nothing if all is well."""

from collections.abc import Container, Iterable, Iterator

from domain.refusals import Unmet


def calendars_are_published(wanted: Iterable[str], published: Container[str]) -> Iterator[Unmet]:
    for name in wanted:
        if name not in published:
            yield Unmet(
                code="calendar_unknown",
                field="definition.calendar",
                message=f"No calendar {name} is published",
                needed="publish the calendar first, or name one that is",
            )
