"""What is asked of a database that is away is asked again, for as long as patience lasts."""

from collections.abc import Callable, Iterator
from threading import Event as Signal

import pytest

from domain.refusals import InfraError
from services.patience import Patience
from tests.unit.services.test_follower import Waits

AWAY = InfraError("database_unavailable", "it does not answer")


def failing(*errors: InfraError) -> Callable[[], str]:
    """Give what fails so often before it answers."""
    left: Iterator[InfraError] = iter(errors)

    def ask() -> str:
        for error in left:
            raise error
        return "answer"

    return ask


def test_a_database_that_is_away_is_asked_again_ever_more_seldom() -> None:
    waits = Waits(20)

    assert Patience(600, waits)(failing(*[AWAY] * 7)) == "answer"
    assert waits.seconds == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_after_an_answer_patience_begins_anew() -> None:
    waits = Waits(20)
    patience = Patience(600, waits)

    patience(failing(AWAY, AWAY))
    patience(failing(AWAY))

    assert waits.seconds == [0.05, 0.1, 0.05]


@pytest.mark.parametrize("code", ["database_unavailable", "database_full"])
def test_patience_ends(code: str) -> None:
    with pytest.raises(InfraError) as caught:
        Patience(0)(failing(InfraError(code, "not now")))

    assert caught.value.code == code


@pytest.mark.parametrize(
    "error",
    [
        InfraError("log_gap", "events are missing"),
        InfraError("database_unavailable", "damaged", stream_id="order-1"),
    ],
)
def test_what_waiting_does_not_mend_is_told_at_once(error: InfraError) -> None:
    waits = Waits(20)

    with pytest.raises(InfraError) as caught:
        Patience(600, waits)(failing(error))

    assert caught.value is error
    assert waits.seconds == []


def test_who_ends_waits_no_longer() -> None:
    stop = Signal()
    stop.set()

    with pytest.raises(InfraError):
        Patience(600, stop)(failing(AWAY))
