"""What is done once for many is begun after each of them asked for it."""

from collections.abc import Iterator
from threading import Semaphore

import pytest

from services.together import Together


class Work:
    """Begins when it is told to; says how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.has_begun = Semaphore(0)
        self.may_end = Semaphore(0)
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.begun += 1
        self.has_begun.release()
        self.may_end.acquire()
        if self.error is not None:
            raise self.error


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def together(work: Work) -> Iterator[Together]:
    opened = Together(work, "test")
    yield opened
    opened.close()


def test_who_asks_while_it_is_done_waits_for_the_next_time_with_all_others(
    together: Together, work: Work
) -> None:
    first = together.ask()
    work.has_begun.acquire()
    later = [together.ask() for _ in range(3)]

    work.may_end.release()
    first.result()
    work.has_begun.acquire()

    assert not any(one.done() for one in later)
    work.may_end.release()
    for one in later:
        one.result()
    assert work.begun == 2


def test_all_who_wait_hear_of_a_failure_and_the_next_ones_have_it_done_again(
    together: Together, work: Work
) -> None:
    work.error = OSError("away")
    work.may_end.release(2)
    with pytest.raises(OSError, match="away"):
        together.ask().result()

    work.error = None
    together.ask().result()

    assert work.begun == 2
