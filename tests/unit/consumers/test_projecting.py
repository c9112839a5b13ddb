"""The projector thread reads shards from the log that stand still, not those whose records wait."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event as Signal
from typing import Any, cast
from uuid import UUID

from structlog.testing import capture_logs

from consumers.dead_letters import LONGEST_ERROR
from consumers.hand_over import HandOver, Incoming
from consumers.projecting import PATIENT_BATCHES, Projecting
from consumers.state_line import StateLine
from domain.messages import SHARDS
from domain.reading import PAGE_BYTES, Head
from domain.refusals import InfraError
from infra.settings import Settings
from projections.checkpoints import Pending
from services.bootstrap import System
from services.deliveries import Delivery
from services.heartbeat import Heartbeat

HEAD = Head(UUID(int=7), 2, 1_000)
BATCH = 2  # events
RECORD = Incoming("a.topic", 3, 0, {}, None)
LARGE = replace(RECORD, value=bytes(PAGE_BYTES // 2 - 1))
SPOILT = replace(RECORD, headers={"what": b"?"})
STILL = Pending("orders", 1, 11, shard=4, position=40, next_position=41, replaced=False)


class Worker:
    """What stands behind a worker, in memory: a log of which shard 4 never gets any further.

    records: when the thread asks for a record, which one there is, if any
    """

    def __init__(
        self,
        folder: Path,
        records: Sequence[Incoming | None],
        *,
        events_a_record: int,
        batch_events: int = BATCH,
    ) -> None:
        self.settings = Settings(batch_events=batch_events)
        self.read_models = self
        self.projection_log = self
        self.streaming = self
        self.broker = self
        self.read_on: list[list[bool]] = []  # of each part: whether it was to end, as often asked
        self.signs = 0  # of life, while parts were read
        self.applied: list[int] = []  # records of each batch
        self._heart = Heart(folder, "worker")
        self._events = events_a_record
        self._stop = Signal()
        self._hand_over = Scripted(records, self._stop)

    def run(self) -> None:
        state = StateLine(lambda _: None)
        state.assign(frozenset(range(SHARDS)))
        system = cast(System, self)
        Projecting(system, self._hand_over, state, self._stop, look_seconds=0).run()

    def apply(self, deliveries: Sequence[Delivery], *, ends: Callable[[], bool]) -> int:
        if not deliveries[0].events:  # as the sweep gives it
            self._hand_over.put_behind()
            before = self._heart.beats
            self.read_on.append([ends(), ends()])
            self.signs += self._heart.beats - before
        else:
            self.applied.append(len(deliveries))
        return len(deliveries)

    def delivery(self, headers: Mapping[str, bytes], value: bytes | None) -> Delivery:
        if headers == SPOILT.headers:
            raise InfraError("record_unreadable", "It is no record of ours")
        return Delivery(HEAD.log_id, HEAD.epoch, 3, 1, 2, cast(Any, [object()] * self._events))

    def worker_projector(self) -> "Worker":
        return self

    def pending(self) -> list[Pending]:
        return [STILL]

    def driver(self) -> str:
        return "workers"

    def new_producer(self) -> "Worker":
        return self

    def ensure_topics(self, topics: object) -> None:
        """The topic of dead letters is there."""

    def publish(self, messages: object) -> None:
        """Take a dead letter."""

    def close(self) -> None:
        """Nothing is held."""

    def published(self) -> Head:
        return HEAD

    def head(self) -> Head:
        return HEAD

    def heartbeat(self, kind: str) -> Heartbeat:
        return self._heart


class Heart(Heartbeat):
    """Counts its signs."""

    beats = 0

    def beat(self) -> None:
        self.beats += 1


class Scripted(HandOver):
    """Has a record when it is to; after the last of them the worker is told to stop, and looks
    once more."""

    def __init__(self, records: Sequence[Incoming | None], stop: Signal) -> None:
        super().__init__()
        self._records = iter(records)
        self._stop = stop

    def take(self, timeout_seconds: float) -> Incoming | None:
        try:
            return next(self._records)
        except StopIteration:
            self._stop.set()
            return None

    def put_behind(self) -> None:
        """Let a record wait, though nobody takes it."""
        asyncio.run(self.put(RECORD))


def test_while_more_waits_than_a_batch_holds_no_shard_is_read_from_the_log(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [RECORD] * 6, events_a_record=BATCH)
    worker.run()

    assert worker.read_on == []


def test_a_shard_that_stands_still_while_many_batches_are_full_is_read_all_the_same(
    tmp_path: Path,
) -> None:
    worker = Worker(tmp_path, [RECORD] * (2 * PATIENT_BATCHES - 1), events_a_record=BATCH)
    worker.run()
    assert worker.read_on == []

    worker = Worker(tmp_path, [RECORD] * (2 * PATIENT_BATCHES), events_a_record=BATCH)
    worker.run()
    assert worker.read_on == [[False, True]]  # A part of it: what waits comes first.


def test_a_shard_that_stands_still_is_read_from_the_log_though_others_move(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [RECORD, None], events_a_record=1)
    worker.run()

    assert len(worker.read_on) == 1


def test_looks_that_were_before_the_worker_was_behind_do_not_count(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [RECORD, None, RECORD, RECORD], events_a_record=1)
    worker.run()

    assert worker.read_on == []


def test_a_part_is_read_from_the_log_then_records_that_wait_come_first(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [None, None], events_a_record=1)
    worker.run()

    assert worker.read_on[0] == [False, True]


def test_a_worker_that_reads_the_log_for_long_shows_that_it_lives(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [None, None], events_a_record=1)
    worker.run()

    assert worker.signs == 2 * len(worker.read_on) > 0


def test_a_batch_holds_few_large_records_though_it_has_room_for_more_events(tmp_path: Path) -> None:
    worker = Worker(tmp_path, [LARGE] * 6, events_a_record=1, batch_events=100)
    worker.run()

    assert worker.applied == [3, 3]
    assert worker.read_on == []  # More waits than a batch holds, as where it is full of events.


def test_many_records_that_cannot_be_read_hold_up_none_that_can(tmp_path: Path) -> None:
    records = [RECORD, *[SPOILT] * 150, RECORD]
    worker = Worker(tmp_path, records, events_a_record=1, batch_events=100)
    worker.run()

    assert worker.applied == [1, 1]


def test_a_line_about_a_record_that_is_dropped_is_never_longer_than_a_letter(
    tmp_path: Path,
) -> None:
    class Talkative(Worker):
        def delivery(self, headers: Mapping[str, bytes], value: bytes | None) -> Delivery:
            raise InfraError("record_unreadable", "why" * 300_000)

    with capture_logs() as lines:
        Talkative(tmp_path, [RECORD], events_a_record=1).run()

    (told,) = [line for line in lines if line["event"] == "record_dropped"]
    assert told["message"] == ("why" * LONGEST_ERROR)[:LONGEST_ERROR]
