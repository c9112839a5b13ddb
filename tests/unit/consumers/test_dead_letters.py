"""Dead letters say what could not be read, and wait for a broker that is away."""

import json
from collections.abc import Sequence
from dataclasses import replace
from threading import Event as Signal

import pytest

from consumers.dead_letters import LONGEST_ERROR, MOST_LETTERS, DeadLetters
from consumers.hand_over import Incoming
from domain.refusals import InfraError
from domain.streaming import Message
from tests.support.waiting import ROOM_SECONDS

RECORD = Incoming("orderpath.log", 3, 17, {"format": b"2", "odd": b"\xff"}, b"secret")


class Post:
    """A broker that may be away. Implements domain.streaming.Producer."""

    def __init__(self) -> None:
        self.away = False
        self.sent: list[Message] = []
        self.closed = False

    def publish(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise InfraError("broker_unavailable", "away")
        self.sent += messages

    def close(self) -> None:
        self.closed = True


def test_a_letter_says_where_the_record_stood_and_why_and_not_what_it_held() -> None:
    post = Post()
    letters = DeadLetters(lambda: post)

    letters.add(RECORD, "its rows are no rows")
    letters.send()
    letters.close()

    (message,) = post.sent
    assert message.topic == "orderpath.deadletters"
    assert json.loads(message.value or b"") == {
        "topic": "orderpath.log",
        "partition": 3,
        "offset": 17,
        "error": "its rows are no rows",
        "headers": {"format": "2", "odd": "\ufffd"},
    }
    assert post.closed


def test_a_letter_is_never_longer_than_what_it_may_tell() -> None:
    post = Post()
    letters = DeadLetters(lambda: post)

    letters.add(replace(RECORD, headers={"odd": b"x" * 900_000}), "why" * 300_000)
    letters.send()

    (message,) = post.sent
    assert json.loads(message.value or b"")["error"] == ("why" * LONGEST_ERROR)[:LONGEST_ERROR]
    assert len(message.value or b"") < 1_000


def test_letters_wait_for_a_broker_that_is_away_up_to_a_limit() -> None:
    post = Post()
    post.away = True
    letters = DeadLetters(lambda: post)
    for _ in range(MOST_LETTERS + 1):
        letters.add(RECORD, "why")
    letters.send()

    post.away = False
    letters.send()
    letters.send()

    assert len(post.sent) == MOST_LETTERS


def test_nobody_asks_for_a_broker_without_a_letter() -> None:
    def none() -> Post:
        raise InfraError("broker_unavailable", "there is none")

    letters = DeadLetters(none)
    letters.send()
    letters.close()

    letters.add(RECORD, "why")
    letters.send()


def test_that_letters_wait_is_told_once_and_their_topic_is_made() -> None:
    post, told, asked = Post(), list[str](), list[str]()
    post.away = True
    letters = DeadLetters(lambda: post, lambda: asked.append("topic"), told.append)
    letters.add(RECORD, "why")

    letters.send()
    letters.send()
    assert [line.split(",")[0] for line in told] == ["dead letters wait"]
    assert asked == ["topic", "topic"]

    post.away = False
    letters.send()
    letters.send()
    assert told[1:] == ["dead letters go out again"]


def test_who_adds_a_letter_waits_for_no_broker() -> None:
    begun, answers = Signal(), Signal()

    class Slow(Post):
        def publish(self, messages: Sequence[Message]) -> None:
            begun.set()
            assert answers.wait(ROOM_SECONDS)
            super().publish(messages)

    post = Slow()
    letters = DeadLetters(lambda: post)
    with letters.going_out(Signal()):
        letters.add(RECORD, "first")
        assert begun.wait(ROOM_SECONDS)
        letters.add(RECORD, "second")  # while the broker lets the other one wait
        answers.set()

    assert [json.loads(one.value or b"")["error"] for one in post.sent] == ["first", "second"]
    assert post.closed


def test_a_fault_of_ours_ends_who_adds_letters_and_is_told() -> None:
    class Broken(Post):
        def publish(self, messages: Sequence[Message]) -> None:
            raise ZeroDivisionError

    letters, stop = DeadLetters(Broken), Signal()
    letters.add(RECORD, "why")
    with pytest.raises(ZeroDivisionError), letters.going_out(stop):
        assert stop.wait(ROOM_SECONDS)
