"""Programs that take commands from Kafka, who sends them, and who reads the answers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any, Final
from uuid import UUID

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import CommitFailedError
from kafka.structs import OffsetAndMetadata
from psycopg import OperationalError

from consumers.commands import CORRELATION, ORIGIN
from domain.messages import Command
from domain.refusals import InfraError
from domain.streaming import COMMANDS, COMMANDS_GROUP, DEADLETTERS, RESULTS, Topic
from domain.wire import encode
from infra.postgres import connect
from infra.topics import ensure_topics
from tests.support.waiting import LOOK_SECONDS, ROOM_SECONDS, wait_for

SLICE: Final = 50  # commands that a sender under load sends at once
OURS: Final = (COMMANDS, RESULTS, DEADLETTERS)
TAKING: Final = "taking commands of partitions"


def eventually(holds: Callable[[], bool], what: str, *seen: Any) -> None:
    """Wait until something holds; seen: what to show if it never does. Raises: AssertionError"""
    wait_for(holds, f"never came true: {what}", seen=seen)


def fresh_topics(broker: str) -> None:
    """Make the topics of commands anew: empty, and nobody has read in them."""
    delete_topics(broker)
    names = {topic.name for topic in OURS}
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        eventually(lambda: not names & set(admin.list_topics()), "the topics are gone")
    ensure_topics({"bootstrap_servers": [broker]}, OURS)


def delete_topics(broker: str, topics: Iterable[Topic] = OURS) -> None:
    """Delete those of the topics that are there."""
    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        if known := {topic.name for topic in topics} & set(admin.list_topics()):
            admin.delete_topics(list(known))


def committed(broker: str) -> dict[TopicPartition, OffsetAndMetadata]:
    """Give what consumers of commands have committed."""
    with KafkaConsumer(bootstrap_servers=[broker], group_id=COMMANDS_GROUP) as look:
        parts = [TopicPartition(COMMANDS.name, n) for n in range(COMMANDS.partitions)]
        found = {part: look.committed(part, metadata=True) for part in parts}
    return {part: told for part, told in found.items() if told is not None}


def commit(broker: str, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
    """Commit for the consumers of commands, once the last of them is taken for dead."""

    def is_taken() -> bool:
        with KafkaConsumer(bootstrap_servers=[broker], group_id=COMMANDS_GROUP) as nobody:
            try:
                nobody.commit(offsets)
            except CommitFailedError:
                return False
        return True

    eventually(is_taken, "what is committed is taken")


@dataclass
class Worker:
    """One running `orderpath commands`."""

    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for pipe, lines in (
            (self.process.stdout, self.said),
            (self.process.stderr, self.complained),
        ):
            Thread(target=_listen, args=(pipe, lines), daemon=True).start()

    def await_line(self, words: str, times: int = 1) -> None:
        """Wait until it has said something so often."""

        def has_said() -> bool:
            assert self.process.poll() is None, f"it ended: {self.said} {self.complained}"
            return sum(words in line for line in self.said) >= times

        eventually(has_said, f"it says {words!r}", self.said, self.complained)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait(ROOM_SECONDS)

    def end(self) -> tuple[int, float]:
        """Ask it to end; give its exit code and the seconds that it took."""
        started = monotonic()
        self.send(signal.SIGTERM)
        return self.process.wait(ROOM_SECONDS), monotonic() - started


def _listen(pipe: Any, lines: list[str]) -> None:
    with pipe:
        lines.extend(iter(pipe.readline, ""))


@dataclass
class Shop:
    """A database, a broker, and the workers between them."""

    url: str
    broker: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def start(self, module: str = "consumers.command_worker", *words: str) -> Worker:
        """Start a worker; it is not waited for."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.workers.append(Worker(process))
        return self.workers[-1]

    def take_commands(self) -> Worker:
        """Start a worker and wait until it has partitions."""
        worker = self.start()
        worker.await_line(TAKING)
        return worker

    @property
    def environment(self) -> dict[str, str]:
        return {
            "ORDERPATH_DATABASE_URL": self.url,
            "ORDERPATH_KAFKA": self.broker,
            "ORDERPATH_DATA_DIR": str(self.folder),
            "ORDERPATH_LOG_FORMAT": "json",
            "ORDERPATH_REFUSALS_PER_MINUTE": "1000000",
        }

    def send(self, sent: Iterable[tuple[str, bytes] | Command], **headers: str) -> None:
        """Send commands, or (key, value) as they are, and wait until all are acknowledged."""
        told = [(name, value.encode()) for name, value in headers.items()]
        with KafkaProducer(
            bootstrap_servers=[self.broker], acks="all", linger_ms=5, compression_type="lz4"
        ) as producer:
            records = [one if isinstance(one, tuple) else _record(one) for one in sent]
            futures = [
                producer.send(COMMANDS.name, value, key=key.encode(), headers=told)
                for key, value in records
            ]
            for future in futures:
                future.get(timeout=ROOM_SECONDS)

    def stored(self) -> dict[UUID, str]:
        """Give the outcome of every command in the log, by its id."""
        with connect(self.url) as session:
            rows = session.execute("select command_id, outcome from log.commands").fetchall()
        return dict(rows)

    def told_order(self) -> dict[str, list[UUID]]:
        """Give the commands that left events, in the order of the events, by stream."""
        events = "select stream_id, command_id from log.events order by position"
        with connect(self.url) as session:
            found: dict[str, dict[UUID, None]] = {}
            for stream_id, command_id in session.execute(events):
                found.setdefault(stream_id, {})[command_id] = None
        return {stream_id: list(ids) for stream_id, ids in found.items()}

    def assert_nothing_lost(self, sent: Sequence[Command]) -> dict[UUID, list[Any]]:
        """Wait for the end: each command has one outcome, the answers tell it, order is kept.

        Shape: command id -> all its answers, in the order in which they came
        """
        eventually(self.committed, "all is committed")
        ids = list(dict.fromkeys(command.command_id for command in sent))
        with listening(self.broker, RESULTS.name) as results:
            answers = by_command(results.hear_all())
        stored, told = self.stored(), self.told_order()
        for command_id in ids:
            different = {json.dumps(said | {"repeated": None}) for said in answers[command_id]}
            assert len(different) == 1
            assert answers[command_id][0]["kind"] == stored[command_id]
        by_stream: dict[str, list[UUID]] = {}
        for command in sent:
            ids_of = by_stream.setdefault(command.stream_id, [])  # type: ignore[attr-defined]
            if stored[command.command_id] == "accepted" and command.command_id not in ids_of:
                ids_of.append(command.command_id)
        for stream_id, wanted in by_stream.items():
            assert [one for one in told[stream_id] if one in set(wanted)] == wanted
        return answers

    def committed(self) -> bool:
        """Whether every command that was sent is committed."""
        with KafkaConsumer(bootstrap_servers=[self.broker], group_id=COMMANDS_GROUP) as look:
            parts = [TopicPartition(COMMANDS.name, n) for n in range(COMMANDS.partitions)]
            ends = look.end_offsets(parts)
            return all((look.committed(part) or 0) == ends[part] for part in parts)

    def leave(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait(ROOM_SECONDS)


def _record(command: Command) -> tuple[str, bytes]:
    return str(getattr(command, "order_id", command.command_id)), encode(command)


@dataclass(frozen=True)
class Heard:
    """One record of a topic of answers or dead letters."""

    topic: str
    partition: int
    key: str | None
    headers: dict[str, str]
    said: Any

    @property
    def origin(self) -> str:
        return self.headers[ORIGIN]

    @property
    def correlation(self) -> str | None:
        return self.headers.get(CORRELATION)

    @property
    def command_id(self) -> UUID | None:
        return None if self.said["command_id"] is None else UUID(self.said["command_id"])


@dataclass
class Listener:
    """Reads a topic from its beginning."""

    reader: Any
    heard: list[Heard] = field(default_factory=list)

    def hear_until(self, holds: Callable[[list[Heard]], bool], what: str) -> list[Heard]:
        """Read on until what was heard is enough."""

        def enough() -> bool:
            for records in self.reader.poll(timeout_ms=50).values():
                self.heard += map(_heard, records)
            return holds(self.heard)

        eventually(enough, f"{what}; heard {len(self.heard)}")
        return self.heard

    def hear_answers_to(self, ids: Iterable[UUID]) -> dict[UUID, list[Any]]:
        """Read on until every command has an answer; give all answers of each."""
        wanted = set(ids)
        return by_command(
            self.hear_until(
                lambda heard: wanted <= {one.command_id for one in heard},
                "every command is answered",
            )
        )

    def hear_all(self) -> list[Heard]:
        """Read to the end as it is now."""
        topic = next(iter(self.reader.subscription()))
        parts = [TopicPartition(topic, n) for n in self.reader.partitions_for_topic(topic)]
        count = sum(self.reader.end_offsets(parts).values())
        return self.hear_until(lambda heard: len(heard) >= count, f"all {count} records")


def by_command(heard: Iterable[Heard]) -> dict[UUID, list[Any]]:
    """Give the answers of each command, in the order in which they came."""
    answers: dict[UUID, list[Any]] = {}
    for one in heard:
        if one.command_id is not None:
            answers.setdefault(one.command_id, []).append(one.said)
    return answers


def _heard(record: Any) -> Heard:
    headers = {name: value.decode() for name, value in record.headers}
    key = record.key.decode() if record.key is not None else None
    return Heard(record.topic, record.partition, key, headers, json.loads(record.value))


@contextmanager
def listening(broker: str, topic: str) -> Iterator[Listener]:
    with KafkaConsumer(
        topic, bootstrap_servers=[broker], auto_offset_reset="earliest", metadata_max_age_ms=1_000
    ) as reader:
        yield Listener(reader)


@contextmanager
def under_load(
    shop: Shop, commands: Iterator[Command], *, ahead: int = 300
) -> Iterator[list[Command]]:
    """Send commands until the block ends, never further ahead than so many of what is stored.

    Gives what was sent and acknowledged: at the end of the block it is complete.
    """
    sent: list[Command] = []
    stop = Signal()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            while not stop.is_set():
                if len({one.command_id for one in sent}) - _count(shop) < ahead:
                    slice_ = list(islice(commands, SLICE))
                    shop.send(slice_)
                    sent.extend(slice_)
                else:
                    stop.wait(LOOK_SECONDS)
        except BaseException as error:  # noqa: BLE001 - the test raises it
            failed.append(error)

    sender = Thread(target=run, daemon=True)
    sender.start()
    try:
        yield sent
    finally:
        stop.set()
        sender.join(ROOM_SECONDS)
        if failed:
            raise failed[0]


def _count(shop: Shop) -> int:
    """Give how many commands are stored; none while the database is away, so nothing is sent."""
    try:
        with connect(shop.url) as session:
            row = session.execute("select count(*) from log.commands").fetchone()
    except (InfraError, OperationalError):  # or goes away just then
        return 0
    return int(row[0]) if row else 0
