"""The log follower: reads the log and feeds the projector. It runs inside of `orderpath up`,
as `orderpath follow`, or for a moment before a read. Several at once do no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event as Signal
from time import monotonic
from typing import Final

import structlog

from domain.messages import Recorded
from domain.reading import PAGE_BYTES, Head, LogReader, Undecodable
from domain.refusals import InfraError
from projections.checkpoints import first_waiting
from services.deliveries import Delivery
from services.projector import Projector
from services.turns import Rest, take_turn, take_turns

Events = Sequence[Recorded | Undecodable]
Progress = Callable[[int, int], None]  # events done, events in all

REST: Final = Rest(shortest_seconds=0.005, longest_seconds=0.2)  # at the end of the log
AGAIN_SECONDS: Final = 1.0  # between two comparisons of checkpoints with the log
MANY_EVENTS: Final = 10_000  # after so many the planner should look at the tables again

log_ = structlog.get_logger()


class Follower:
    """Brings the projections to the end of the log and keeps them there. For one thread."""

    def __init__(
        self,
        projector: Projector,
        log: LogReader,
        *,
        batch_events: int = 2_000,
        limits: Mapping[int, int] | None = None,  # by shard: nothing above this position
    ) -> None:
        self._projector = projector
        self._log = log
        self._batch_events = batch_events
        self._limits = limits
        self._head: Head | None = None
        self._feeds = True  # any build; otherwise the workers drive them
        self._after = 0  # everything up to here was delivered
        self._prev: dict[int, int] = {}  # the same per shard, as the deliveries say it
        self._reader = ThreadPoolExecutor(1, "orderpath reader")
        self._ahead: tuple[int, Future[Events]] | None = None  # what is read meanwhile
        self._compare_at = 0.0  # the checkpoints with the log, in monotonic seconds

    def run(self, stop: Signal) -> None:
        """Follow until told to stop; wait out a database that is away."""
        self._compare_at = 0.0
        take_turns(self._turn, stop, REST, self._wait)

    def catch_up(self, until: int | None = None, progress: Progress | None = None) -> int:
        """Bring the projections to a position (None: the end of the log as it is now).

        Gives how many events were read. Raises: InfraError
        """
        head = self.resume()
        until = head.position if until is None else min(until, head.position)
        start = self._after
        total = max(until - start, 0)
        while self._after < until:
            take_turn(self.step)
            if progress is not None:
                progress(min(self._after - start, total), total)
        if self._after - start >= MANY_EVENTS:
            self._projector.refresh_statistics()
        return self._after - start

    def waiting(self) -> int:
        """Say how many positions are between what was applied and the end of the log."""
        return self.resume().position - self._after

    def resume(self) -> Head:
        """Compare the checkpoints with the log, go back to the first event that waits."""
        head = self._log.head()  # Before the comparison, which may see later events only.
        pending = self._projector.pending()
        self._feeds = bool(pending)
        waiting = first_waiting(pending)
        self._after = head.position if waiting is None else waiting - 1
        self._prev = {}
        for place in pending:
            known = self._prev.get(place.shard, place.position)
            self._prev[place.shard] = min(known, place.position)
        self._head = head
        return head

    def step(self) -> int:
        """Deliver the next events; say how many were read."""
        head = self._head or self.resume()
        events = self._read()
        if events:
            deliveries = self._deliveries(head, events)
            self._projector.apply(deliveries)
            self._prev |= {delivery.shard: delivery.last for delivery in deliveries}
            self._after = events[-1].position
        return len(events)

    def _turn(self) -> bool:
        if monotonic() >= self._compare_at:
            self.resume()
            self._compare_at = monotonic() + AGAIN_SECONDS
        return self._feeds and self.step() > 0

    def _wait(self, error: InfraError) -> None:
        log_.warning("follower_waits", code=error.code, message=str(error))
        self._compare_at = 0.0

    def _read(self) -> Events:
        """Read the next events; behind a batch full of them, begin with the one after it at once.

        Where few are so large that they fill it, one batch is enough to hold.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == self._after:
            events = ahead[1].result()
        else:
            events = self._read_behind(self._after)
        if len(events) == self._batch_events:
            last = events[-1].position
            self._ahead = (last, self._reader.submit(self._read_behind, last))
        return events

    def _read_behind(self, position: int) -> Events:
        return self._log.read_lenient(position, self._batch_events, most_bytes=PAGE_BYTES)

    def _deliveries(self, head: Head, events: Events) -> list[Delivery]:
        shards: dict[int, list[Recorded | Undecodable]] = {}
        for event in events:
            if self._limits is not None and event.position > self._limits[event.shard]:
                continue
            shards.setdefault(event.shard, []).append(event)
        return [
            Delivery(
                log_id=head.log_id,
                epoch=head.epoch,
                shard=shard,
                prev=self._prev.get(shard, self._after),
                last=found[-1].position,
                events=found,
            )
            for shard, found in shards.items()
        ]
