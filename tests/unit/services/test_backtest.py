"""What of the log a backtest reads for the last days."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from domain.reading import Head
from services.backtest import last_days
from tests.support.examples import NOW
from tests.support.rules import rule_of

BEGUN: Final = NOW - timedelta(days=100)


class OneADay:
    """A log of a hundred days, an event each."""

    def first_since(self, moment: datetime) -> int:
        return max(1, 1 + (moment - BEGUN).days)

    def head(self) -> Head:
        return Head(log_id=UUID(int=1), epoch=1, position=100)


@pytest.mark.parametrize(
    ("waits", "days_before"),
    [
        ({}, 0),
        ({"delay": "12d"}, 12),
        ({"delay": "12d", "hours": "shop"}, 19),
        ({"on": [{"silence": "3d"}, {"silence": "40d"}]}, 40),
        ({"on": [{"silence": "400d"}]}, 70),
    ],
)
def test_it_reads_from_where_what_comes_due_may_have_begun(
    waits: dict[str, Any], days_before: int
) -> None:
    part = last_days(OneADay(), rule_of(**waits), 30, until=NOW)

    assert (part.since, part.until) == (NOW - timedelta(days=30), NOW)
    assert (part.behind, part.up_to) == (70, 100)
    assert part.behind - (part.begins or 0) == days_before
