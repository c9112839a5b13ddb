"""The consumer of commands keeps their order, whatever the pipeline cannot take now."""

from collections.abc import Sequence, Set
from concurrent.futures import Future
from contextlib import nullcontext
from threading import Event as Signal
from threading import Timer
from typing import Any
from uuid import UUID

import pytest
from kafka import TopicPartition
from kafka.errors import (
    CommitFailedError,
    FencedInstanceIdError,
    GroupMaxSizeReachedError,
    InconsistentGroupProtocolError,
    InvalidSessionTimeoutError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)

from consumers.commands import CommandConsumer, Decisions
from domain.customers.commands import EraseCustomer
from domain.messages import Command, Outcome
from domain.refusals import InfraError
from domain.wire import encode
from tests.support.examples import COMMANDS as EXAMPLES
from tests.support.taken_commands import PARTITION, Post, Records, record

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


class Taking:
    """A pipeline that has room."""

    def __init__(self) -> None:
        self.taken: list[UUID] = []

    def submit(self, command: Command) -> Future[Outcome]:
        self.taken.append(command.command_id)
        done: Future[Outcome] = Future()
        done.set_result(Outcome(command.command_id, "nothing"))
        return done


def records_of(stop: Signal, *values: bytes) -> Records:
    return Records(stop, [record(number, value) for number, value in enumerate(values)])


def erase_nobody(_: EraseCustomer) -> Outcome:
    raise AssertionError("nobody is to be erased")


def test_what_comes_behind_a_command_that_finds_no_room_is_not_decided_before_it() -> None:
    ids = [UUID(int=number) for number in (1, 2, 3)]
    stop, pipeline, results = Signal(), Full(), Post()
    sent = [encode(PLACE.model_copy(update={"command_id": one})) for one in ids]
    records = records_of(stop, *sent)

    CommandConsumer(records, Decisions(pipeline.submit, erase_nobody), results, stop).run()

    first_tries = [one for n, one in enumerate(pipeline.taken) if one not in pipeline.taken[:n]]
    assert first_tries == ids
    assert records.committed == [3]
    assert len(results.sent) == 3


@pytest.mark.parametrize("parts", [1, 3])
def test_a_batch_that_is_slow_to_read_is_done_in_parts_until_the_end_is_near(
    parts: int,
) -> None:
    """What is committed comes to nobody again, also where reading all takes longer than a consumer
    may be silent."""
    stop, pipeline, results, beats = Signal(), Taking(), Post(), list[int]()
    sent = [
        encode(PLACE.model_copy(update={"command_id": UUID(int=number)})) for number in (1, 2, 3)
    ]
    records = Records(stop, [record(n, value) for n, value in enumerate(sent)], parts)

    decisions = Decisions(pipeline.submit, erase_nobody)
    consumer = CommandConsumer(
        records, decisions, results, stop, beat=lambda: beats.append(len(results.sent))
    )
    consumer.read_seconds = -1
    consumer.run()

    assert pipeline.taken == [UUID(int=number) for number in (1, 2, 3)][:parts]
    assert records.committed == [1, 2, 3][:parts]
    assert len(results.sent) == parts
    assert set(beats) >= set(range(parts))


class PutOut(Records):
    """Kafka that takes no second commit: the group has dealt its partitions anew meanwhile.

    kept: those that stay here
    """

    def __init__(self, stop: Signal, batch: Sequence[Any], kept: Set[TopicPartition]) -> None:
        super().__init__(stop, batch, len(batch))
        self.kept = frozenset(kept)
        self.sought: list[int] = []
        self._dealt = False

    def poll(self, **given: int) -> dict[TopicPartition, Sequence[Any]]:
        if self.committed:
            self._stop.set()
            self._dealt = False
            return {}
        return super().poll(**given)

    def assignment(self) -> frozenset[TopicPartition]:
        return self.kept if self._dealt else frozenset()

    def commit(self, offsets: dict[TopicPartition, Any], **given: int) -> None:
        self._dealt = bool(self.committed)
        if self._dealt:
            raise CommitFailedError
        super().commit(offsets, **given)

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.sought.append(offset)


@pytest.mark.parametrize("kept", [frozenset[TopicPartition](), frozenset({PARTITION})])
def test_whose_commit_is_refused_decides_no_more_of_the_batch_and_lets_the_rest_come_again(
    kept: Set[TopicPartition],
) -> None:
    stop, pipeline = Signal(), Taking()
    sent = [encode(PLACE.model_copy(update={"command_id": UUID(int=n)})) for n in (1, 2, 3, 4)]
    records = PutOut(stop, [record(n, value) for n, value in enumerate(sent)], kept)

    decisions = Decisions(pipeline.submit, erase_nobody)
    consumer = CommandConsumer(records, decisions, Post(), stop)
    consumer.read_seconds = -1
    consumer.run()

    assert pipeline.taken == [UUID(int=1), UUID(int=2)]
    assert records.committed == [1]
    assert records.sought == ([2] if kept else [])


def test_while_an_outcome_is_waited_for_there_are_signs_of_life() -> None:
    """As long as the database is away: whoever looks would else take it for dead."""
    stop, late = Signal(), Future[Outcome]()
    beats: list[int] = []

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 4:
            late.set_result(Outcome(PLACE.command_id, "nothing"))

    decisions = Decisions(lambda _: late, erase_nobody)
    CommandConsumer(records_of(stop, encode(PLACE)), decisions, Post(), stop, beat=beat).run()

    assert len(beats) >= 4


def test_a_person_is_erased_behind_all_that_came_before_and_before_all_behind_it() -> None:
    stop, done = Signal(), list[str]()
    erase = EraseCustomer(
        command_id=UUID(int=9), actor=PLACE.actor, customer_id="c-7", reason_code="asked"
    )
    waiting: list[Future[Outcome]] = []

    def submit(command: Command) -> Future[Outcome]:
        done.append(f"handed in {command.command_id.int}")
        waiting.append(Future())
        Timer(0.2, waiting[-1].set_result, [Outcome(command.command_id, "nothing")]).start()
        waiting[-1].add_done_callback(lambda _: done.append(f"decided {command.command_id.int}"))
        return waiting[-1]

    def carry_out(command: EraseCustomer) -> Outcome:
        done.append("erased")
        return Outcome(command.command_id, "accepted")

    first, last = (PLACE.model_copy(update={"command_id": UUID(int=n)}) for n in (1, 2))
    records = records_of(stop, *map(encode, (first, erase, last)))
    CommandConsumer(records, Decisions(submit, carry_out), Post(), stop).run()

    assert done == ["handed in 1", "decided 1", "erased", "handed in 2", "decided 2"]


class Unwilling(Records):
    """Kafka that says no some times before it gives records."""

    def __init__(self, stop: Signal, batch: Sequence[Any], *errors: KafkaError) -> None:
        super().__init__(stop, batch)
        self.errors = list(errors)

    def poll(self, **given: int) -> dict[TopicPartition, Sequence[Any]]:
        if self.errors:
            raise self.errors.pop(0)
        return super().poll(**given)


@pytest.mark.parametrize(("rejoining", "decided"), [(True, 1), (False, 0)])
def test_who_joins_anew_gives_no_signs_of_life_and_has_lost_no_place(
    rejoining: bool, decided: int
) -> None:
    """As where the coordinator is lost between two steps of joining."""
    stop, pipeline = Unhurried(), Taking()
    records = records_of(stop, encode(PLACE))
    records._coordinator.rejoining = rejoining
    records._coordinator.request_rejoin = lambda: None
    records._coordinator._heartbeat_enabled = False

    with nullcontext() if decided else pytest.raises(InfraError, match="--id"):
        CommandConsumer(records, Decisions(pipeline.submit, erase_nobody), Post(), stop).run()

    assert len(pipeline.taken) == decided


class Unhurried(Signal):
    """Waits no time at all."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def nothing_for(command: Command) -> Future[Outcome]:
    done: Future[Outcome] = Future()
    done.set_result(Outcome(command.command_id, "nothing"))
    return done


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (FencedInstanceIdError(), "--id"),
        (GroupMaxSizeReachedError(), "group.max.size"),
        (InconsistentGroupProtocolError(), "a group of its own"),
        (InvalidSessionTimeoutError(), "group.min.session.timeout.ms"),
    ],
)
def test_what_kafka_says_again_however_long_one_waits_ends_it_with_what_to_do(
    error: KafkaError, advice: str
) -> None:
    stop = Unhurried()
    records = Unwilling(stop, [record(0, encode(PLACE))], error)

    with pytest.raises(InfraError, match=advice) as caught:
        CommandConsumer(records, Decisions(nothing_for, erase_nobody), Post(), stop).run()

    assert caught.value.code == "broker_refuses"
    assert records.committed == []


def test_what_passes_is_waited_for_and_people_are_told_once_where_it_might_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop = Unhurried()
    passing = (NodeNotReadyError(), UnknownTopicOrPartitionError(), KafkaConnectionError())
    unsure = (UnknownMemberIdError(), UnknownMemberIdError())
    records = Unwilling(stop, [record(0, encode(PLACE))], *passing, *unsure)

    decisions = Decisions(nothing_for, erase_nobody)
    CommandConsumer(records, decisions, Post(), stop).run()

    assert records.committed == [1]
    told = [line for line in capsys.readouterr().out.splitlines() if "commands wait:" in line]
    assert len(told) == 1
    assert "UnknownMemberIdError" in told[0]
