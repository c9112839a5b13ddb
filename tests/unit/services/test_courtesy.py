"""A sender sees from the positions of its events whether others append, and leaves them room."""

from itertools import pairwise
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Outcome
from services.courtesy import LONGEST_SECONDS, Courtesy


def stored(first: int, last: int, *, repeated: bool = False) -> Outcome:
    return Outcome(uuid4(), "accepted", first_position=first, last_position=last, repeated=repeated)


class Hands:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 10.0

    def __call__(self) -> float:
        return self.seconds


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20), st.integers(0, 9), st.booleans())
def test_others_are_seen_exactly_when_their_events_stand_between_ours(
    sizes: list[int], others: int, are_between: bool
) -> None:
    ends = [100]
    for number, size in enumerate(sizes):
        gap = others if are_between and number == len(sizes) - 1 else 0
        ends.append(ends[-1] + gap + size)
    answers = [
        stored(end - size + 1, end) for size, (_, end) in zip(sizes, pairwise(ends), strict=True)
    ]
    courtesy = Courtesy()
    courtesy.begin()

    courtesy.hear([stored(99, 100)])
    assert not courtesy.are_others
    courtesy.hear(answers)

    assert courtesy.are_others == (are_between and others > 0)


def test_what_others_did_before_we_began_or_first_answers_told_again_say_nothing() -> None:
    courtesy = Courtesy()
    courtesy.begin()
    courtesy.hear([stored(1, 2)])
    courtesy.begin()

    courtesy.hear([stored(90, 91), stored(5, 6, repeated=True), Outcome(uuid4(), "nothing")])

    assert not courtesy.are_others


def test_beside_others_the_rest_is_twice_as_long_as_the_work_and_alone_there_is_none() -> None:
    hands = Hands()
    courtesy = Courtesy(hands)
    courtesy.begin()
    courtesy.hear([stored(1, 2)])
    hands.seconds += 0.25
    assert courtesy.rest_seconds() == 0

    courtesy.rested()
    courtesy.hear([stored(9, 9)])
    hands.seconds += 0.25
    assert courtesy.rest_seconds() == 0.5

    courtesy.rested()
    hands.seconds += 60
    assert courtesy.rest_seconds() == LONGEST_SECONDS

    courtesy.hear([stored(10, 11)])
    assert courtesy.rest_seconds() == 0
