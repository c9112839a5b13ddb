"""Hands work beside a program until they are told to stop; one that fails is not passed over."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event as Signal
from typing import cast

import pytest
from structlog.testing import capture_logs

from services.bootstrap import System
from services.cli.errors import INFRASTRUCTURE, run
from services.cli.hands import Hand, all_hands
from services.heartbeat import Heartbeat


class Shop:
    """A system of which hands need the signs of life only."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat

    def heartbeat(self, _: str) -> Heartbeat:
        return self._heartbeat


class Working:
    def run(self, stop: Signal, _: Callable[[], None] = lambda: None) -> None:
        stop.wait(30)


class Failing:
    def run(self, _stop: Signal, _: Callable[[], None] = lambda: None) -> None:
        raise RuntimeError("lost anna@example.org")


HANDS: Mapping[str, Callable[[System], Hand]] = {
    "clock": lambda _: Working(),
    "send": lambda _: Failing(),
}


def work(heartbeat: Heartbeat) -> None:
    stop = Signal()
    with all_hands(cast(System, Shop(heartbeat)), stop, HANDS):
        assert stop.wait(30)


def test_a_hand_that_fails_ends_the_program_as_failed_and_its_words_are_in_no_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    heartbeat = Heartbeat(tmp_path, "send")
    with capture_logs() as logs, pytest.raises(SystemExit) as ended:
        run(lambda: work(heartbeat), lambda: "info")

    assert ended.value.code == INFRASTRUCTURE
    assert logs == [
        {"event": "hand_failed", "log_level": "error", "hand": "send", "error": "RuntimeError"}
    ]
    assert "anna" not in "".join(capfd.readouterr())


def test_hands_that_were_told_to_stop_end_well(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path, "send")
    stop = Signal()
    with all_hands(cast(System, Shop(heartbeat)), stop, {"a": HANDS["clock"]}):
        pass

    assert stop.is_set()
