"""Clocks in processes of their own, that run until they are killed, kill or freeze themselves."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from threading import Event as Signal
from typing import Final, Literal

from domain.messages import Command, Outcome
from infra.log import configure_logging
from infra.postgres import Session
from services.clock import Clockwork, Submit
from tests.support.loads import open_pipeline

Step = Literal["before sending", "between commands", "before the answers", "behind the answers"]
STEPS: Final[tuple[Step, ...]] = (
    "before sending", "between commands", "before the answers", "behind the answers",
)  # fmt: skip
BETWEEN: Final = 5  # commands


def fire_until_killed(pipe: Connection, url: str, now: datetime) -> None:
    """Fire again and again what is due at a moment, and say how many commands were sent."""
    _run(url, now, lambda submit: submit, lambda clock: pipe.send(clock.fire()))


def fire_and(pipe: Connection, url: str, now: datetime, step: Step, how: signal.Signals) -> None:
    """Fire what is due at a moment, and send oneself a signal at a step."""

    def fire(clock: Clockwork) -> None:
        pipe.send("begun")
        clock.fire()
        if step == "behind the answers":
            os.kill(os.getpid(), how)
        pipe.send("done")

    _run(url, now, lambda submit: _at(step, submit, how), fire)


def _run(
    url: str, now: datetime, wrap: Callable[[Submit], Submit], fire: Callable[[Clockwork], None]
) -> None:
    configure_logging("error", "json")
    sessions = [Session(url, role="orderpath_projector") for _ in range(2)]
    lend, hold = (session.connection for session in sessions)
    with open_pipeline(url, clock=lambda: now) as pipeline:
        clock = Clockwork(lend, hold, wrap(pipeline.submit), lambda: now, at_once=10)
        while not Signal().wait(0.01):
            fire(clock)


def _at(step: Step, submit: Submit, how: signal.Signals) -> Submit:
    """Give what sends commands, and stops at the step."""
    numbers = count(1)

    def stopping(command: Command) -> Future[Outcome]:
        number = next(numbers)
        if (step, number) in (("before sending", 1), ("between commands", BETWEEN)):
            os.kill(os.getpid(), how)
        answer = submit(command)
        if (step, number) == ("before the answers", BETWEEN):
            answer.result()
            os.kill(os.getpid(), how)
        return answer

    return stopping
