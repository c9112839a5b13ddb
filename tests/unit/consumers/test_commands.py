"""The consumer of commands keeps their order, whatever the pipeline cannot take now."""

from collections.abc import Sequence
from concurrent.futures import Future
from threading import Event as Signal
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from kafka import TopicPartition

from consumers.commands import CommandConsumer
from domain.messages import Command, Outcome
from domain.refusals import InfraError
from domain.streaming import COMMANDS, Message
from domain.wire import encode
from services.pipeline import Pipeline
from tests.support.examples import COMMANDS as EXAMPLES

PLACE = EXAMPLES["order.place"]


class Full:
    """A pipeline that has no room for the second command when it is first asked."""

    def __init__(self) -> None:
        self.taken: list[UUID] = []
        self.asked = 0

    def submit(self, command: Command) -> Future[Outcome]:
        self.asked += 1
        if self.asked == 2:
            raise InfraError("overloaded", "come back later")
        self.taken.append(command.command_id)
        done: Future[Outcome] = Future()
        done.set_result(Outcome(command.command_id, "nothing"))
        return done


class Records:
    """One batch of a topic, then nothing; the end once it is committed."""

    def __init__(self, stop: Signal, *values: bytes) -> None:
        self._stop = stop
        self._coordinator = SimpleNamespace(rejoining=False)
        self._batch = [
            SimpleNamespace(
                topic=COMMANDS.name, partition=0, offset=n, key=b"k", value=one, headers=[]
            )
            for n, one in enumerate(values)
        ]
        self.committed: list[int] = []

    def poll(self, **_: int) -> dict[TopicPartition, list[Any]]:
        batch, self._batch = self._batch, []
        return {TopicPartition(COMMANDS.name, 0): batch}

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset()

    def commit(self, offsets: dict[TopicPartition, Any], **_: int) -> None:
        self.committed += [one.offset for one in offsets.values()]
        self._stop.set()

    def close(self, **_: int) -> None:
        pass


class Results:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> None:
        self.sent += messages

    def close(self) -> None:
        pass


def test_what_comes_behind_a_command_that_finds_no_room_is_not_decided_before_it() -> None:
    ids = [UUID(int=number) for number in (1, 2, 3)]
    stop, pipeline, results = Signal(), Full(), Results()
    sent = [encode(PLACE.model_copy(update={"command_id": one})) for one in ids]
    records = Records(stop, *sent)

    CommandConsumer(records, cast(Pipeline, pipeline), results, stop).run()

    first_tries = [one for n, one in enumerate(pipeline.taken) if one not in pipeline.taken[:n]]
    assert first_tries == ids
    assert records.committed == [3]
    assert len(results.sent) == 3
