"""What one caller may ask for, as time goes by."""

import pytest

from services.api.limits import MOST_CALLERS, Rates
from services.api.problems import Turned


class _Clock:
    """Seconds that only a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_asks_too_much_is_told_when_to_come_back_and_may_then() -> None:
    clock = _Clock()
    rates = Rates(10, clock)
    rates.take("ann", 10)

    with pytest.raises(Turned) as turned:
        rates.take("ann", 5)
    rates.take("bob")
    assert turned.value.retry_seconds == pytest.approx(0.5)
    clock.now = 0.5
    rates.take("ann", 5)


def test_a_caller_who_was_silent_has_no_more_than_a_second_of_credit() -> None:
    clock = _Clock()
    rates = Rates(10, clock)
    rates.take("ann")
    clock.now = 1_000.0
    rates.take("ann", 10)

    with pytest.raises(Turned):
        rates.take("ann")


def test_of_very_many_callers_the_longest_silent_are_forgotten() -> None:
    rates = Rates(1, _Clock())
    for number in range(MOST_CALLERS + 1):
        rates.take(str(number))

    rates.take("0")
    with pytest.raises(Turned):
        rates.take(str(MOST_CALLERS))


def test_what_is_more_than_a_second_holds_passes_once_it_is_full_and_later_ones_wait() -> None:
    clock = _Clock()
    rates = Rates(10, clock)
    rates.take("ann")

    rates.take("ann", 24, counted=1)

    with pytest.raises(Turned) as turned:
        rates.take("ann")
    assert turned.value.retry_seconds == pytest.approx(1.6)
    clock.now = 1.6
    rates.take("ann")
    with pytest.raises(Turned) as turned:
        rates.take("ann", 24, counted=1)
    assert turned.value.retry_seconds == pytest.approx(1.0)
