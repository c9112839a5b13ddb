"""Conditions on publishing. Each gives what is unmet, nothing if all is well."""

from collections.abc import Container, Iterable, Iterator

from domain.messages import Command
from domain.refusals import Unmet


def no_status_is_expected(command: Command, what: str) -> Iterator[Unmet]:
    if command.expected_status is not None:
        yield Unmet(
            code="status_differs",
            field="expected_status",
            message=f"A {what} has no status",
            needed="expected_version, if it shall be published on nothing else",
        )


def calendars_are_published(wanted: Iterable[str], published: Container[str]) -> Iterator[Unmet]:
    for name in wanted:
        if name not in published:
            yield Unmet(
                code="calendar_unknown",
                field="definition.calendar",
                message=f"No calendar {name} is published",
                needed="publish the calendar first, or name one that is",
            )
