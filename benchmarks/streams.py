"""Events per second through Kafka: the relay, the workers behind it, and how late a row is."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, Final

from psycopg import Connection

from benchmarks.arrivals import count_arrived, growth, rate, trend
from benchmarks.broker import bench_broker, make_topics
from benchmarks.checkpoints import drive_only, read_checkpoints, read_positions, read_published
from benchmarks.children import run_together
from benchmarks.filling import fill
from benchmarks.measure import Figure, Found, Measured, percentile
from benchmarks.programs import Program, running, workers
from benchmarks.projections import CORE
from benchmarks.server import analyse, create, drop, make_url
from domain.refusals import InfraError
from infra.postgres import connect
from infra.settings import Settings
from projections.catalog import BY_NAME
from services.bootstrap import open_system
from services.demo.clock import VirtualClock
from services.demo.shop import START

Counts = Sequence[tuple[float, int]]  # (seconds of a clock, events arrived by then)

LOG: Final = "bench_streams"  # database that every run starts from a copy of
RUN: Final = "bench_run"
EVERY: Final = tuple(BY_NAME)
LANES: Final = ("log", "public")
PER_SECOND: Final = 500.0  # commands
LOOK_SECONDS: Final = 0.01
WEIGH_SECONDS: Final = 0.25
LONGEST_SECONDS: Final = 900.0  # of one run; reached only by a fault


def measure_streams(server_url: str, *, events: int, seconds: float) -> Iterator[Found]:
    """Fill one log, then publish and apply copies of it; where no Kafka can be had, say so.

    seconds: for which commands are sent at a steady rate
    """
    with _bench(server_url, events) as bench:
        if bench is None:
            return
        yield from _relays(bench)
        yield from _workers(bench)
        yield from _absence(bench)
        yield from _everything(bench, seconds)


def measure_memory(server_url: str, *, events: int) -> Iterator[Found]:
    """Let one worker apply a log that is long enough to tell whether it holds ever more."""
    with _bench(server_url, events) as bench:
        if bench is not None:
            yield from _absence(bench)


@contextmanager
def _bench(server_url: str, events: int) -> Iterator["_Bench | None"]:
    """Start a broker and fill a log; give None where no Kafka can be had, and say so."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(bench_broker())
        except InfraError as error:
            if error.code != "broker_not_installed":
                raise
            print(f"Kafka left out: {error}", file=sys.stderr)
            yield None
            return
        folder = stack.enter_context(TemporaryDirectory(prefix="orderpath-bench-"))
        yield _Bench(server_url, broker, Path(folder), _prepare(server_url, events))
        drop(server_url, RUN)


def _prepare(server_url: str, events: int) -> dict[int, list[int]]:
    """Fill the log and make the tables, empty; give the positions of each shard's events."""
    url = create(server_url, LOG)
    settings = Settings(database_url=url, log_level="error")
    with open_system(settings, VirtualClock(START)) as system:
        fill(system, events)
        system.prepare_projections()
        system.read_models.drive("workers")
    analyse(url)
    with connect(url) as session:
        return read_positions(session)


def _relays(bench: "_Bench") -> Iterator[Found]:
    """The relay and the broker, nobody reads."""
    alone = bench.publish()
    yield _measured("relay, lane log", alone)
    both = bench.publish(public=True)
    yield _measured("relay, both lanes", both)
    yield Figure("relay, lane log", rate(alone), "events/s", at_least=20_000)
    yield Figure("relay with the public topics", rate(both), "events/s", at_least=5_000)


def _workers(bench: "_Bench") -> Iterator[Found]:
    """From the log to the tables: the relay publishes while workers apply."""
    for label, names, wanted in (("three core", CORE, 8_000), ("all", EVERY, 4_000)):
        one, two = bench.apply(names, count=1), bench.apply(names, count=2)
        yield _measured(f"log to tables, {label}", one)
        yield _measured(f"log to tables, {label}", two, programs=2)
        yield Figure(f"log to tables, {label}, one worker", rate(one), "events/s", at_least=wanted)
        yield Figure(f"log to tables, {label}: two workers / one", rate(two) / rate(one), "x")


def _absence(bench: "_Bench") -> Iterator[Found]:
    """A worker comes back when all is published, and nobody publishes or writes beside it."""
    memory: list[float] = []
    counts, seconds = bench.come_back(memory)
    yield _measured("worker after an absence, all", counts)
    what = f"{bench.events:,} events"
    yield Figure(f"absence of {what}, from start to end", seconds, "s")
    yield Figure("memory of a worker, peak", max(memory), "MB", at_most=300)
    yield Figure(f"memory of a worker, growth within {what}", growth(memory), "MB", at_most=15)
    yield Figure(f"memory of a worker, trend within {what}", trend(memory), "MB", at_most=15)


def _everything(bench: "_Bench", seconds: float) -> Iterator[Found]:
    """As a whole system runs: all lanes, all projections, then commands at a steady rate."""
    with bench.run(public=True) as (session, environment), _programs(1, environment) as programs:
        counts = bench.await_applied(session, programs)
        yield _measured("log to tables and public topics", counts)
        bench.await_published(session, programs, LANES)
        wish = {"url": bench.url, "per_second": PER_SECOND, "seconds": seconds}
        (found,) = run_together("benchmarks.stream_writer", [wish])
    late = found["delays"]
    p50, p99 = percentile(late, 0.50) or 0.0, percentile(late, 0.99) or 0.0
    yield Measured(f"command to row at {PER_SECOND:g} commands/s", 1, PER_SECOND, p50, p99)
    yield Figure("command to row, p50", p50, "ms", at_most=50)
    yield Figure("command to row, p99", p99, "ms", at_most=250)


@contextmanager
def _programs(count: int, environment: dict[str, str]) -> Iterator[list[Program]]:
    """Let workers run, then a relay, until the block ends."""
    with workers(count, environment) as sharing, running("relay", environment) as relay:
        yield [*sharing, relay]


def _measured(name: str, counts: Counts, *, programs: int = 1) -> Measured:
    return Measured(name, programs, round(rate(counts), 1))


@dataclass(frozen=True)
class _Bench:
    """Where it is measured, and the runs: each has a copy of the log and topics of its own."""

    server_url: str
    broker: str
    folder: Path
    positions: dict[int, list[int]]  # of the log that runs begin with, by shard
    numbers: Iterator[int] = field(default_factory=count)  # of runs

    @property
    def url(self) -> str:
        return make_url(self.server_url, RUN)

    @property
    def events(self) -> int:
        return sum(map(len, self.positions.values()))

    def publish(self, *, public: bool = False) -> Counts:
        """Let a relay publish the log."""
        lanes = LANES if public else LANES[:1]
        with (
            self.run(public=public) as (session, environment),
            running("relay", environment) as relay,
        ):
            return self.await_published(session, [relay], lanes)

    def apply(self, projections: Sequence[str], *, count: int) -> Counts:
        """Let so many workers apply what a relay publishes meanwhile."""
        with (
            self.run(projections) as (session, environment),
            _programs(count, environment) as programs,
        ):
            return self.await_applied(session, programs)

    def come_back(self, memory: list[float]) -> tuple[Counts, float]:
        """Let a worker begin once all is published; give also the seconds from its start.

        memory: what the worker holds, in MB, is added to it several times a second
        """
        with self.run() as (session, environment):
            with running("relay", environment) as program:
                self.await_published(session, [program], LANES[:1])
            began = perf_counter()
            with running("worker", environment) as program:  # It may be quick: we look at once.
                counts = self.await_applied(session, [program], memory)
        return counts, counts[-1][0] - began

    @contextmanager
    def run(
        self, projections: Sequence[str] = EVERY, *, public: bool = False
    ) -> Iterator[tuple[Connection[Any], dict[str, str]]]:
        """Give a session of the copy, in which workers drive these projections, and the settings
        of relay and workers: production's, but for the public topics."""
        prefix = f"bench-{next(self.numbers)}."
        make_topics(self.broker, prefix)
        with connect(create(self.server_url, RUN, LOG)) as session:
            drive_only(session, projections)
            yield (
                session,
                {
                    "ORDERPATH_DATABASE_URL": self.url,
                    "ORDERPATH_KAFKA": self.broker,
                    "ORDERPATH_KAFKA_PREFIX": prefix,
                    "ORDERPATH_DATA_DIR": str(self.folder),
                    "ORDERPATH_LOG_LEVEL": "error",
                    "ORDERPATH_PUBLIC_TOPICS": "on" if public else "off",
                },
            )

    def await_published(
        self, session: Connection[Any], programs: Sequence[Program], lanes: Sequence[str]
    ) -> Counts:
        """Look until all of these lanes are at the end of the log."""
        return self._await(lambda: read_published(session, lanes), programs)

    def await_applied(
        self,
        session: Connection[Any],
        programs: Sequence[Program],
        memory: list[float] | None = None,
    ) -> Counts:
        """Look until everything stands in all tables that workers drive."""
        return self._await(
            lambda: count_arrived(self.positions, read_checkpoints(session)), programs, memory
        )

    def _await(
        self,
        count: Callable[[], int],
        programs: Sequence[Program],
        memory: list[float] | None = None,
    ) -> Counts:
        counts: list[tuple[float, int]] = []
        weigh_at = began = perf_counter()
        while not counts or counts[-1][1] < self.events:
            counts.append((perf_counter(), count()))
            if perf_counter() - began > LONGEST_SECONDS:
                raise RuntimeError(f"{counts[-1][1]} of {self.events} events have arrived")
            for program in programs:
                program.check()
            if memory is not None and perf_counter() >= weigh_at:
                memory.append(max(program.memory_mb() for program in programs))
                weigh_at = perf_counter() + WEIGH_SECONDS
            sleep(LOOK_SECONDS)
        return counts
