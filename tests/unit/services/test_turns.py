"""The loop of programs that stay: when a turn comes at once, when it rests, when it is patient."""

from collections.abc import Iterator
from threading import Event as Signal

import pytest

from domain.refusals import InfraError
from projections.sessions import SessionLost
from services.turns import PATIENCE_SECONDS, TRIES, Rest, take_turn, take_turns
from tests.unit.services.test_follower import Waits

REST = Rest(shortest_seconds=0.1, longest_seconds=0.3)


def end(error: InfraError) -> None:
    raise error


def test_after_something_was_done_the_next_turn_comes_at_once_and_rests_begin_anew() -> None:
    waits, done = Waits(4), iter([False, False, True, True, False, False])

    take_turns(lambda: next(done), waits, REST, end)

    assert waits.seconds == [0.1, 0.2, 0.1, 0.2]


def test_rests_grow_up_to_the_longest() -> None:
    waits = Waits(4)

    take_turns(lambda: False, waits, REST, end)

    assert waits.seconds == [0.1, 0.2, 0.3, 0.3]


def test_what_is_away_is_waited_for_and_told_each_time() -> None:
    waits, heard = Waits(3), list[str]()
    away = iter([True, True, False])

    def turn() -> bool:
        if next(away):
            raise InfraError("database_unavailable", "away")
        return False

    take_turns(turn, waits, REST, lambda error: heard.append(error.code))

    assert waits.seconds == [PATIENCE_SECONDS, PATIENCE_SECONDS, REST.longest_seconds]
    assert heard == ["database_unavailable"] * 2


def test_whoever_hears_may_end_the_loop() -> None:
    def turn() -> bool:
        raise InfraError("log_replaced", "gone")

    with pytest.raises(InfraError, match="gone"):
        take_turns(turn, Waits(1), REST, end)


def test_who_is_told_to_stop_takes_no_further_turn() -> None:
    stop, turns = Signal(), list[int]()

    def busy() -> Iterator[bool]:
        for number in range(5):
            turns.append(number)
            if number == 2:
                stop.set()
            yield True

    going = busy()
    take_turns(lambda: next(going), stop, REST, end)

    assert turns == [0, 1, 2]


def test_a_single_turn_is_taken_again_where_the_session_was_lost_but_not_for_ever() -> None:
    left = iter(range(1, TRIES))

    def turn() -> str:
        if next(left, None) is None:
            return "done"
        raise SessionLost("database_unavailable", "lost")

    assert take_turn(turn) == "done"

    left = iter(range(TRIES))
    with pytest.raises(SessionLost):
        take_turn(turn)


def test_whatever_else_fails_in_a_single_turn_is_told_at_once() -> None:
    tries: list[int] = []

    def turn() -> None:
        tries.append(1)
        raise InfraError("database_unavailable", "away")

    with pytest.raises(InfraError):
        take_turn(turn)

    assert tries == [1]
