"""What was broken on purpose, counted over all tests, for the report at the end of a run."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

Fault = Callable[[str], None]

PROPERTY = "fault"  # of a test's report: so it reaches the process that reports


def faults_of(request: pytest.FixtureRequest) -> Fault:
    """Give what notes a fault of this test, by kind."""
    return lambda kind: request.node.user_properties.append((PROPERTY, kind))


def count_faults(reports: Iterable[pytest.TestReport]) -> Counter[str]:
    """Count the faults of all tests by kind."""
    return Counter(
        str(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    )
