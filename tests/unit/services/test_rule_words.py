"""A rule in few words, as lists and pictures show it."""

import pytest

from domain.rules.triggers import Schedule
from services.rules.rule_words import hours_words, when_words
from tests.support.rules import rule_of


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("every", "10:17, 18:00 on every day of shop"),
        ("working", "10:17, 18:00 on working days of shop"),
    ],
)
def test_fixed_hours_say_on_which_days_of_which_calendar(days: str, said: str) -> None:
    schedule = {"at": ["10:17", "18:00"], "days": days}
    rule = rule_of(on=[{"schedule": schedule, "in": "new"}])

    assert hours_words(Schedule.model_validate(schedule)) == said
    assert when_words(rule) == f"at {said} in new"
