"""The minute of the flood guard, whatever becomes of the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.messages import Actor
from services.flood import FloodGuard
from tests.support.examples import COMMANDS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMIT = 3
MOVE = COMMANDS["order.change_status"].model_copy(update={"actor": Actor(kind="api_key", id="web")})


@pytest.fixture
def guard() -> FloodGuard:
    made = FloodGuard()
    made.limit = LIMIT
    return made


def test_refusals_of_one_minute_are_counted_together_whichever_came_first(
    guard: FloodGuard,
) -> None:
    for seconds in (5, -2, 30):
        guard.count(MOVE, NOON + timedelta(seconds=seconds))

    assert guard.turn_away(MOVE, NOON + timedelta(seconds=59)) is not None
    assert guard.turn_away(MOVE, NOON + timedelta(seconds=60)) is None


def test_a_clock_that_is_set_back_makes_no_minute_longer(guard: FloodGuard) -> None:
    guard.count(MOVE, NOON)
    back = NOON - timedelta(hours=2)
    for minutes in range(2 * LIMIT):
        guard.count(MOVE, back + timedelta(minutes=minutes))
        assert guard.turn_away(MOVE, back + timedelta(minutes=minutes)) is None
