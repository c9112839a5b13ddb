"""A question that is called off breaks off what it asked for, and asks for nothing more."""

from threading import Event, Thread

import pytest

from domain.errands import ERRAND, go_on, on
from domain.refusals import InfraError
from services.api.questions_in_hand import QuestionInHand
from tests.support.waiting import ROOM_SECONDS, wait_for


def test_what_it_asked_for_is_broken_off_again_and_again_until_that_has_ended() -> None:
    question, broken_off, ended = QuestionInHand(), list[str](), Event()
    with question.asking(lambda: broken_off.append("statement")):

        def call_off() -> None:
            question.call_off()
            ended.set()

        calling = Thread(target=call_off)
        calling.start()
        wait_for(lambda: len(broken_off) >= 2)
        assert not ended.is_set()

    assert ended.wait(ROOM_SECONDS)
    calling.join()
    times = len(broken_off)
    question.call_off()
    assert len(broken_off) == times, "What comes later on the same line would be broken off."


def test_it_asks_for_nothing_more() -> None:
    question = QuestionInHand()
    question.call_off()

    with pytest.raises(InfraError, match="nobody waits") as caught, question.asking(lambda: None):
        pass
    assert caught.value.code == "called_off"


def test_what_is_done_for_all_belongs_to_no_question() -> None:
    question = QuestionInHand()
    with on(question):
        assert ERRAND.get() is question
        with on(None):
            assert ERRAND.get() is None
        assert ERRAND.get() is question
    assert ERRAND.get() is None


def test_what_takes_long_looks_whether_somebody_waits_for_it() -> None:
    question = QuestionInHand()
    with on(question):
        go_on()
        question.call_off()
        with pytest.raises(InfraError, match="nobody waits"):
            go_on()
    go_on()
