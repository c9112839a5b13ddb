"""How much a rule may send within a minute, whatever becomes of the clock."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.pace import Pace

HALF_PAST = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
WAITS: Any = SimpleNamespace(rule="slow")


@pytest.mark.parametrize("seconds", [0, 29])
def test_a_rule_that_waits_may_send_nothing_more_within_the_minute(seconds: int) -> None:
    pace = Pace()
    assert pace.spent(HALF_PAST) == []
    pace.went([], [WAITS])

    assert pace.spent(HALF_PAST + timedelta(seconds=seconds)) == ["slow"]


@pytest.mark.parametrize("later", [timedelta(seconds=30), timedelta(hours=-2)])
def test_another_minute_begins_when_this_one_is_over_or_the_clock_is_set_back(
    later: timedelta,
) -> None:
    pace = Pace()
    pace.spent(HALF_PAST)
    pace.went([], [WAITS])

    assert pace.spent(HALF_PAST + later) == []
    assert pace.minute == (HALF_PAST + later).replace(second=0)
