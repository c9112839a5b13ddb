"""The projector thread behind the Faust app: applies what was handed over, all shards in one
transaction, and sweeps. Whatever fails is waited out, or read from the log.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from threading import Event as Signal
from time import monotonic
from typing import Final, TypeVar

import structlog

from consumers.dead_letters import LONGEST_ERROR, DeadLetters
from consumers.hand_over import HandOver, Incoming
from consumers.state_line import StateLine
from consumers.sweep import Sweep
from domain.reading import PAGE_BYTES, Head
from domain.refusals import InfraError
from domain.streaming import DEADLETTERS
from services.bootstrap import System
from services.deliveries import Delivery

LOOK_SECONDS: Final = 1.0  # between two looks for shards that stand still
# Full ones, between two looks while more and more waits: by then what had waited has had its turn,
# of whichever shard it was.
PATIENT_BATCHES: Final = 64
SHORTEST_SECONDS: Final = 0.05  # between two tries
LONGEST_SECONDS: Final = 2.0

Result = TypeVar("Result")
Read = tuple[Incoming, Delivery]

log_ = structlog.get_logger()


class Projecting:
    """Feeds the projections that workers drive. For one thread."""

    def __init__(
        self,
        system: System,
        hand_over: HandOver,
        state: StateLine,
        stop: Signal,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._system = system
        self._hand_over = hand_over
        self._state = state
        self._stop = stop
        self._look_seconds = look_seconds
        self._projector = system.streaming.worker_projector()
        self._letters = DeadLetters(  # Only who has a letter asks for the broker.
            lambda: system.streaming.broker.new_producer(),  # noqa: PLW0108
            lambda: system.streaming.broker.ensure_topics([DEADLETTERS]),
            state.say,
        )
        self._sweep = Sweep()
        self._patient_sweep = Sweep()
        self._heartbeat = system.heartbeat("worker")
        self._look_at = 0.0  # monotonic
        self._behind = False  # The last batch was full: more waits than one holds.
        self._full_batches = 0  # since the last look of the patient sweep

    def run(self) -> None:
        """Apply what comes until told to stop; the batch in hand is ended then."""
        with self._letters.going_out(self._stop):
            while not self._stop.is_set():
                self._heartbeat.beat()
                batch = self._take()
                if batch:
                    self._until_done(partial(self._apply, batch))
                if monotonic() >= self._look_at:
                    self._until_done(self._look)
                    self._look_at = monotonic() + self._look_seconds

    def _take(self) -> list[Read]:
        """Take a batch of what waits; if nothing does, wait for it until the next look."""
        batch: list[Read] = []
        events = size = 0
        wait = max(self._look_at - monotonic(), 0)
        while not self._is_full(events, size) and (record := self._hand_over.take(wait)):
            delivery = self._until_done(partial(self._read, record))
            if delivery is not None:
                batch.append((record, delivery))
            # What cannot be read counts, too: many of them hold up nothing that can.
            events += len(delivery.events) if delivery is not None else 1
            size += len(record.value or b"")
            wait = 0
        self._behind = self._is_full(events, size)
        self._full_batches += self._behind
        return batch

    def _is_full(self, events: int, size: int) -> bool:
        return events >= self._system.settings.batch_events or size >= PAGE_BYTES

    def _until_done(self, work: Callable[[], Result]) -> Result | None:
        """Try until it is done, which may be done twice; None if told to stop before it is."""
        wait = SHORTEST_SECONDS
        while True:
            self._heartbeat.beat()
            try:
                done = work()
            except InfraError as error:
                log_.warning("worker_waits", code=error.code, message=str(error))
                self._state.hinder(f"worker waits: {error}")
            else:
                self._state.hinder("")
                return done
            if self._stop.wait(wait):
                return None
            wait = min(wait * 2, LONGEST_SECONDS)

    def _read(self, record: Incoming) -> Delivery | None:
        """Read a record, None if it cannot be read: then its events are read from the log."""
        try:
            return self._system.streaming.delivery(record.headers, record.value)
        except InfraError as error:
            if error.code != "record_unreadable":
                raise
            self._drop(record, str(error))
            self._letters.add(record, str(error))
            return None

    def _apply(self, batch: Sequence[Read]) -> None:
        head = self._system.projection_log.head()  # Looked at later than the relay did.
        ours = [read[1] for read in batch if self._is_ours(*read, head)]
        if ours:
            self._projector.apply(ours, ends=self._ends)

    def _is_ours(self, record: Incoming, delivery: Delivery, head: Head) -> bool:
        """Whether it is applied; else it is dropped."""
        ours = head.holds(delivery.log_id, delivery.epoch, delivery.last)
        if not ours:
            self._drop(record, "This log does not hold it: it is another one, or was set back.")
        return ours

    def _drop(self, record: Incoming, why: str) -> None:
        place = {"partition": record.partition, "offset": record.offset}
        log_.warning("record_dropped", topic=record.topic, **place, message=why[:LONGEST_ERROR])

    def _look(self) -> None:
        """Look for shards that stand still behind the relay, and read them on from the log."""
        if self._system.read_models.driver() != "workers":
            self._state.idle(True)
            return
        self._state.idle(False)
        pending = self._projector.pending()
        published, head = self._system.streaming.published(), self._system.projection_log.head()
        if published and (published.log_id, published.epoch) != (head.log_id, head.epoch):
            published = None  # The relay has not begun with this log yet.
        sweep = self._sweep
        if self._behind:
            sweep.forget()  # Records of a shard may wait behind those of others.
            if self._full_batches < PATIENT_BATCHES:
                return
            sweep = self._patient_sweep
            self._full_batches = 0
        if still := sweep.look(pending, published, self._state.shards):
            self._read_on(still)

    def _read_on(self, still: Sequence[Delivery]) -> None:
        """Read from the log, until records come: they bring the same. A part of it in any case."""
        parts = count()

        def ends() -> bool:
            return self._ends() or (next(parts) > 0 and self._hand_over.waits)

        self._projector.apply(still, ends=ends)

    def _ends(self) -> bool:
        """Whether to leave what is left of the log for later; asked at each part that is read, so
        that long reading shows signs of life.
        """
        self._heartbeat.beat()
        return self._stop.is_set()
