"""The relay: publishes the log to Kafka, lane by lane. `orderpath relay` runs it.

One relay leads, the others stand by. Each lane has a thread and a producer of its own: it reads,
publishes, waits for every acknowledgement, and only then saves how far it is. So whatever happens,
everything comes at least once, and in order.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from threading import Event as Signal
from time import monotonic
from typing import Final, Protocol

import structlog

from domain.reading import LogReader
from domain.refusals import InfraError
from domain.streaming import PREFIX, Lane, Leading, Producer, RelayStore, Topic
from services.faults import place_of_fault
from services.turns import PATIENCE_SECONDS, Rest, take_turns

REST: Final = Rest(shortest_seconds=0.005, longest_seconds=0.2)  # at the end of the log
LOOK_SECONDS: Final = 1.0  # between two looks at who leads
LONGEST_TURN_SECONDS: Final = 90.0  # of a lane: acknowledgements are awaited for 30 s, and again
GRACE_SECONDS: Final = 3.0  # for the batches in hand, once told to stop
HOPELESS: Final = ("log_replaced", "topic_mismatch", "topic_not_made")  # until somebody acts

Tell = Callable[[str], None]

log_ = structlog.get_logger()


class NewProducer(Protocol):
    """Gives producers. infra.fenced_producer.make_producer is the one behind it."""

    def __call__(self, leading: Leading | None = None) -> Producer:
        """Give one for whoever leads, None: one that publishes beside others."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What the relay asks of Kafka. services.bootstrap puts it together."""

    new_producer: NewProducer
    ensure_topics: Callable[[Sequence[Topic]], Sequence[str]]  # names those that it made
    prefix: str = PREFIX  # of the shop's names there; both of these put it on


class Sign(Protocol):
    """A sign of life. services.heartbeat is behind it."""

    def beat(self) -> None:
        """Give it."""

    def end(self) -> None:
        """Take it back: nobody shall wait for the next one."""


class _NoSign:
    def beat(self) -> None: ...
    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of life of a relay, which come again and again."""

    # As long as no lane stands still; one that leads no longer takes it back.
    leads: Sign = field(default_factory=_NoSign)
    waits: Sign = field(
        default_factory=_NoSign
    )  # of one that stands by, or cannot say yet whether it leads


NO_SIGNS: Final = Signs()


class Relay:
    """Brings every lane to the end of the log and keeps it there, while it leads."""

    def __init__(
        self,
        store: RelayStore,
        log: LogReader,
        broker: Broker,
        *,
        lanes: Sequence[Lane],
        tell: Tell = lambda line: None,  # a line for people, whenever something changes
    ) -> None:
        self._store = store
        self._log = log
        self._broker = broker
        self._lanes = lanes
        self._tell = tell
        self._signs = NO_SIGNS
        self._told: dict[str, str] = {}  # the last line of each lane

    def run(
        self,
        stop: Signal,
        topics: Sequence[Topic] = (),
        signs: Signs = NO_SIGNS,
    ) -> None:
        """Lead or stand by until told to stop; wait out brokers and a database that are away.

        topics: made and checked at the start, beside those of the lanes
        signs:  a leader's that was killed on this folder before us is taken back
        Raises: InfraError log_replaced, topic_mismatch, topic_not_made
        """
        self._signs = signs
        self._signs.leads.end()
        wanted = dict.fromkeys([*topics, *(topic for lane in self._lanes for topic in lane.topics)])
        waiting = _Waiting("relay", self._tell)
        while not stop.is_set():
            self._signs.waits.beat()
            try:
                if wanted:
                    self._broker.ensure_topics(list(wanted))
                    wanted.clear()
                self._lead(stop, waiting)
            except InfraError as error:
                if error.code in HOPELESS:
                    raise
                waiting.begin(error)
                stop.wait(PATIENCE_SECONDS)

    def _lead(self, stop: Signal, waiting: "_Waiting") -> None:
        with self._store.lead() as leads:
            waiting.end()
            self._tell_once("", "leading" if leads else "standing by, another relay leads")
            if leads:
                try:
                    self._run_lanes(stop)
                finally:
                    self._signs.leads.end()
                return
        stop.wait(LOOK_SECONDS)

    def _run_lanes(self, stop: Signal) -> None:
        """Run every lane until told to stop, until one fails, or until we lead no longer."""
        ending = Signal()
        works = [self._work(lane) for lane in self._lanes]
        with ThreadPoolExecutor(len(works), "orderpath lane") as threads:
            running = [threads.submit(work.run, ending) for work in works]
            try:
                while not stop.is_set() and not wait(running, 0).done:
                    self._look()
                    if all(work.turns() for work in works):
                        self._signs.leads.beat()
                    stop.wait(LOOK_SECONDS)
            finally:
                ending.set()
                while wait(running, GRACE_SECONDS).not_done:
                    for work in works:
                        work.give_up()
        for one in running:
            one.result()

    def _work(self, lane: Lane) -> "_Work":
        return _Work(lane, self._store, self._log, self._broker, self._tell)

    def _look(self) -> None:
        """See that we still lead, in the same log; say how far the lanes are.

        All of it in the leader's own session, which ends if nobody asks there for some seconds: so
        nothing that a lane does may hold this up.
        """
        positions, end = self._store.positions(), self._store.end()
        for lane in self._lanes:
            position = positions.get(lane.name, 0)
            behind = f", {end - position} behind" if position < end else ""
            self._tell_once(lane.name, f"{lane.name} published up to position {position}{behind}")

    def _tell_once(self, about: str, line: str) -> None:
        if self._told.get(about) != line:
            self._told[about] = line
            self._tell(line)


class _Work:
    """One lane and its producer, in a thread of their own."""

    def __init__(
        self, lane: Lane, store: RelayStore, log: LogReader, broker: Broker, tell: Tell
    ) -> None:
        self._lane = lane
        self._store = store
        self._log = log
        self._broker = broker
        self._tell = tell
        self._producer = broker.new_producer(_leading(lane, store))
        self._waiting = _Waiting(lane.name, tell)
        self._begun = False
        self._turned_at = monotonic()

    def turns(self) -> bool:
        """Whether its loop went round lately: whatever it waits for has an end."""
        return monotonic() - self._turned_at < LONGEST_TURN_SECONDS

    def run(self, ending: Signal) -> None:
        """Publish until told to end. Raises: InfraError log_replaced"""
        try:
            take_turns(self._apart, ending, REST, partial(self._give_way, ending))
        finally:
            self._producer.close()

    def give_up(self) -> None:
        """Let go of a batch whose acknowledgement does not come: it goes out again later."""
        self._producer.close()

    def _apart(self) -> bool:
        """Take a turn; a fault of ours makes this lane wait, and no other. Raises: InfraError"""
        try:
            return self._turn()
        except InfraError:
            raise
        except Exception as error:
            why = f"a fault of ours: {type(error).__name__} in {place_of_fault(error)}"
            raise InfraError("lane_failed", f"{why}. It is tried again") from error

    def _turn(self) -> bool:
        """Publish what comes next; False at the end of the log."""
        self._turned_at = monotonic()
        if not self._begun:
            self._begin()
        outgoing = self._lane.next()
        if outgoing is not None:
            self._producer.publish(outgoing.messages)
            self._store.move(self._lane.name, outgoing.position)
        self._waiting.end()
        return outgoing is not None

    def _begin(self) -> None:
        """Go on from what is saved; topics that were deleted meanwhile are made again."""
        made = self._broker.ensure_topics(self._lane.topics)
        position = self._store.positions().get(self._lane.name, 0)
        if made and position:
            log_.warning("topics_made_anew", lane=self._lane.name, topics=list(made))
            self._tell(
                f"made {', '.join(made)} anew, which were gone; what they held comes again only "
                f"after `orderpath relay begin-anew {self._lane.name}`"
            )
        # A new lane has its row before it publishes: one of the log that it then reads.
        self._store.move(self._lane.name, position)
        self._lane.begin(self._log.head(), position)
        self._begun = True

    def _give_way(self, ending: Signal, error: InfraError) -> None:
        self._begun = False
        if error.code == "log_replaced":
            raise error
        if not ending.is_set():
            self._waiting.begin(error)


def _leading(lane: Lane, store: RelayStore) -> Leading | None:
    writer = next((topic.writer for topic in lane.topics if topic.writer is not None), None)
    return None if writer is None else Leading(writer, store.positions)


class _Waiting:
    """Says once that something waits, and why, and once that it goes on."""

    def __init__(self, who: str, tell: Tell) -> None:
        self._who = who
        self._tell = tell
        self._code: str | None = None

    def begin(self, error: InfraError) -> None:
        if self._code != error.code:
            log_.warning("relay_waits", lane=self._who, code=error.code, message=str(error))
            self._tell(f"{self._who} waits: {error}")
            self._code = error.code

    def end(self) -> None:
        if self._code is not None:
            log_.info("relay_goes_on", lane=self._who)
            self._tell(f"{self._who} goes on")
            self._code = None
