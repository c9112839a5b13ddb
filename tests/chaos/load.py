"""A shop that is busy all the while: real commands, each repeated until it is answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from random import Random
from threading import Condition, Thread
from threading import Event as Signal
from typing import Any, Final

from domain.messages import Command
from infra.log import configure_logging
from services.pipeline import Pipeline
from tests.support.examples import PATH
from tests.support.loads import Told, move, note, open_pipeline, place, publish, send
from tests.support.processes import ROOM_SECONDS, Writer

CALLERS: Final = 4
PAUSE_SECONDS: Final = 0.1  # of a caller between two commands, on average
PATIENCE_SECONDS: Final = 1.0  # for a database that is away; then the caller asks again


class Load:
    """The process that sends commands, and what it has been answered so far."""

    def __init__(self, url: str, pause_seconds: float, shop: Mapping[str, Any]) -> None:
        self._writer = Writer(trade, url, pause_seconds, shop)
        self._heard = Condition()
        self._ear = Thread(target=self._hear)
        self._ear.start()

    def goes_on(self, commands: int) -> None:
        """Wait until so many more commands have been answered."""
        with self._heard:
            goal = len(self._writer.said) + commands
            reached = self._heard.wait_for(lambda: len(self._writer.said) >= goal, ROOM_SECONDS)
        assert reached, f"{goal - len(self._writer.said)} of {commands} commands had no answer"

    def end(self) -> list[Told]:
        """Let every caller have its answer, and give all that they were told."""
        self._writer.tell("enough")
        self._ear.join(ROOM_SECONDS)
        assert self._writer.ended, "commands were left without an answer"
        return self._writer.said

    def leave(self) -> None:
        self._writer.process.kill()
        self._ear.join(ROOM_SECONDS)
        self._writer.leave()

    def _hear(self) -> None:
        while not self._writer.ended:
            self._writer.hear()
            with self._heard:
                self._heard.notify_all()


@contextmanager
def trading(url: str, pause_seconds: float = PAUSE_SECONDS, **shop: Any) -> Iterator[Load]:
    """Let a shop be busy; whoever ends the load hears of everything. shop: changes of its path"""
    load = Load(url, pause_seconds, shop)
    try:
        load.goes_on(CALLERS)
        yield load
    finally:
        load.leave()


def trade(pipe: Connection, url: str, pause_seconds: float, shop: Mapping[str, Any]) -> None:
    """Be the process: place orders and change them until told that it is enough."""
    configure_logging("critical", "json")
    enough = Signal()
    with open_pipeline(url, patience_seconds=PATIENCE_SECONDS) as pipeline:
        pipeline.execute(publish(**shop))
        path = shop.get("path", PATH.path)
        answers = Condition()

        def say(told: Told) -> None:
            with answers:
                pipe.send(told)

        def call(random: Random) -> None:
            for command in _wishes(random, path):
                say(_insist(pipeline, command))
                if enough.wait(random.uniform(0, 2 * pause_seconds)):
                    return

        callers = [Thread(target=call, args=(Random(number),)) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        pipe.recv()
        enough.set()
        for caller in callers:
            caller.join()
    pipe.close()


def _insist(pipeline: Pipeline, command: Command) -> Told:
    """Send the same command until it has its outcome."""
    while not (told := send(pipeline, command)).is_outcome:
        pass
    return told


def _wishes(random: Random, path: str) -> Iterator[Command]:
    """Give commands without end: a third new orders, then notes and moves of the latest ones."""
    while True:
        order = place(path=path)
        yield order
        for _ in range(random.randrange(4)):
            yield (
                note(order.order_id)
                if random.random() < 0.3
                else move(order.order_id, random.choice([*PATH.statuses]))
            )
