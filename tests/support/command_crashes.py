"""Consumers of commands that kill themselves at a chosen step, each in a process of its own."""

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event as Signal
from typing import Any, Final, Literal, NoReturn

from kafka import KafkaConsumer

from consumers.commands import SETTINGS, CommandConsumer, Decisions
from consumers.members import membership
from domain.batch import Answer, Append, Log
from domain.customers.commands import EraseCustomer
from domain.streaming import COMMANDS, COMMANDS_GROUP, Message, Producer
from infra.log import configure_logging
from infra.producer import IdempotentProducer
from services.bootstrap import Settings, open_system
from tests.support.loads import open_pipeline

Step = Literal["before the outcomes", "before the answers", "between answers", "before the commit"]
STEPS: Final[Sequence[Step]] = (
    "before the outcomes", "before the answers", "between answers", "before the commit",
)  # fmt: skip


def take_commands_and_die(
    pipe: Connection, url: str, broker: str, folder: Path, step: Step
) -> None:
    """Take commands as the program does, and die of the first batch at a step."""
    configure_logging("error", "json")
    arguments: dict[str, Any] = {"bootstrap_servers": [broker]}
    producer = _DyingProducer(IdempotentProducer(arguments), step)
    wrap: Callable[[Log], Log] = _DyingLog if step == "before the outcomes" else lambda log: log
    with (
        open_pipeline(url, wrap, patience_seconds=inf) as pipeline,
        membership(folder / "commands") as member,
    ):
        own = {"group_id": COMMANDS_GROUP, "group_instance_id": member}
        records = KafkaConsumer(COMMANDS.name, **SETTINGS, **arguments, **own)
        decisions = Decisions(pipeline.submit, pipeline.execute)
        CommandConsumer(records, decisions, producer, Signal()).run()
    pipe.close()


def take_an_erasing_and_die(pipe: Connection, url: str, broker: str, folder: Path) -> None:
    """Take commands as the program does, and die behind the event of the first that erases."""
    configure_logging("error", "json")
    arguments: dict[str, Any] = {"bootstrap_servers": [broker]}
    with (
        open_system(Settings(database_url=url, data_dir=folder)) as system,
        membership(folder / "commands") as member,
    ):
        own = {"group_id": COMMANDS_GROUP, "group_instance_id": member}
        records = KafkaConsumer(COMMANDS.name, **SETTINGS, **arguments, **own)
        producer = IdempotentProducer(arguments)

        def erase(command: EraseCustomer) -> NoReturn:
            system.execute(command)
            _die()

        decisions = Decisions(system.pipeline.submit, erase)
        CommandConsumer(records, decisions, producer, Signal()).run()
    pipe.close()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


class _DyingLog:
    """A log whose process dies when something is to be stored."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Append:
        _die()


class _DyingProducer:
    """A producer whose process dies before, amid or after the answers."""

    def __init__(self, producer: Producer, step: Step) -> None:
        self._producer = producer
        self._step = step

    def publish(self, messages: Sequence[Message]) -> None:
        published = {"before the answers": 0, "between answers": len(messages) // 2}
        self._producer.publish(messages[: published.get(self._step, len(messages))])
        _die()

    def close(self) -> None:
        self._producer.close()
