"""Conditions on commands to any aggregate. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.messages import Command
from domain.refusals import Unmet


def no_status_is_expected(command: Command, what: str) -> Iterator[Unmet]:
    """Only orders have a status; what: whatever has none, as `A path`."""
    if command.expected_status is not None:
        yield Unmet(
            code="status_differs",
            field="expected_status",
            message=f"{what} has no status",
            needed="expected_version, if it shall be changed on nothing else",
        )
