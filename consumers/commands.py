"""Commands come in by Kafka and their answers go out, with nothing lost on the way.

A batch is decided and stored, then its answers are acknowledged, and only then its offsets are
committed. Whatever dies between two of these steps, the batch comes again, and the pipeline answers
what it knows with the first outcome. Erasing a person takes more than one command: it is done once
all before it is decided, and before anything behind it. Run by consumers.command_worker.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from threading import Event as Signal
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError
from pydantic_core import from_json

from consumers.broker_words import broker_error
from consumers.joining import join_to_the_end, see_whether_fenced
from consumers.reading_on import Unreadable
from consumers.same_topic import SameTopic
from domain.answers import Answer, answer_of, answer_to
from domain.customers.commands import EraseCustomer
from domain.messages import Command, Outcome
from domain.public.dead_letters import CommandLetter, RecordPlace
from domain.refusals import CommandUnreadable, InfraError, Unmet
from domain.streaming import DEADLETTERS, RESULTS, Message, Producer
from domain.wire import decode
from services.cli.foreground import ToldOnce
from services.pipeline import PASSING

SOURCE: Final = "kafka"  # of commands that name none
CORRELATION: Final = "correlation_id"  # header of a command, and of its answer
ORIGIN: Final = "origin"  # header: topic/partition/offset of the command
MAX_COMMANDS: Final = 256  # of a batch
MAX_FETCH_BYTES: Final = 8 * 1024 * 1024  # of records in a batch
MAX_KEY_BYTES: Final = 1_000  # a longer key is no order's: the answer goes without
MAX_CORRELATION_BYTES: Final = 255  # a longer one is not sent back
POLL_SECONDS: Final = 0.2
READ_SECONDS: Final = 10.0  # a sixth of what a group waits for who is silent
BEAT_SECONDS: Final = 1.0  # between two signs of life, while outcomes are waited for
WAIT_SECONDS: Final = 1.0  # for a database or broker that is away, before the next try
COMMIT_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 1.0  # to leave the group

WAITED_FOR: Final = PASSING | {"overloaded", "broker_unavailable"}
# Not for a command to be answered with: this process cannot go on, another one will.
ENDS: Final = frozenset({"newer_version", "pipeline_closed"})

SETTINGS: Final[dict[str, Any]] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",  # what a sender took back was never sent
    "max_poll_records": MAX_COMMANDS,
    "fetch_max_bytes": MAX_FETCH_BYTES,
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 1_000,
    # A consumer that waits longer for its database loses its partitions to one that need not.
    "max_poll_interval_ms": 60_000,
    "metadata_max_age_ms": 5_000,
    "reconnect_backoff_max_ms": 1_000,
}

T = TypeVar("T")

log_ = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decisions:
    """Who decides what came in."""

    submit: Callable[[Command], Future[Outcome]]  # behind all that were handed in before
    erase: Callable[[EraseCustomer], Outcome]  # a person, with all that is about the orders


@dataclass(frozen=True, slots=True)
class _InHand:
    """A record, and what will become of its command."""

    record: Any  # kafka-python's ConsumerRecord, or an Unreadable
    command_id: UUID | None
    outcome: Future[Outcome]


class CommandConsumer:
    """Takes batches of commands to their end. For one thread, which also closes what it was given.

    records: subscribed to COMMANDS, with SETTINGS
    stop:    once it is set, the part in hand is the last one
    beat:    gives a sign of life, with every try and while the outcomes are waited for
    read_seconds: of reading commands, before those that are read are taken to their end
    """

    def __init__(
        self,
        records: KafkaConsumer,
        decisions: Decisions,
        producer: Producer,
        stop: Signal,
        *,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._records = records
        self._topic = SameTopic(records)
        self._decisions = decisions
        self._producer = producer
        self._stop = stop
        self._beat = beat
        self.read_seconds = READ_SECONDS
        self._lines = ToldOnce()

    def run(self) -> None:
        """Work until told to stop.

        Raises: InfraError for what waiting does not mend; then no more of the batch is committed
        """
        try:
            while not self._stop.is_set():
                self._work(self._patiently(self._poll))
        except InfraError as error:
            if not self._stop.is_set():
                raise
            log_.warning("batch_left_behind", code=error.code)  # It comes again.
        finally:
            self._records.close(timeout_ms=CLOSE_SECONDS * 1_000)

    def _work(self, batch: Sequence[Any]) -> None:
        """Take a batch to its end, in parts where it takes long to read: each is committed. Where
        the group takes this one for dead meanwhile, the rest comes again, to whoever has it."""
        done, ours = 0, True
        while ours and done < len(batch) and not (done and self._stop.is_set()):
            in_hand = self._patiently(partial(self._take_in, batch[done:]))
            part, messages = batch[done : done + len(in_hand)], [*_told(in_hand)]
            self._patiently(partial(self._producer.publish, messages))
            ours = self._patiently(partial(self._commit, part))
            done += len(part)
        self._topic.give_back(batch[done:])

    def _poll(self) -> Sequence[Any]:
        try:
            join_to_the_end(self._records)
            found = self._records.poll(timeout_ms=POLL_SECONDS * 1_000)
            see_whether_fenced(self._records)
            return self._topic.look(found)
        except KafkaError as error:
            raise broker_error(error) from error

    def _take_in(self, batch: Sequence[Any]) -> Sequence[_InHand]:
        """Hand in at once, in their order, what is read within some seconds, and wait for it."""
        in_hand: list[_InHand] = []
        until = monotonic() + self.read_seconds
        for record in batch:
            if in_hand and monotonic() > until:
                break
            self._beat()
            in_hand.append(self._hand_in(record, in_hand))
        self._await(in_hand)
        return in_hand

    def _hand_in(self, record: Any, before: Sequence[_InHand]) -> _InHand:
        command_id: UUID | None = None
        try:
            command = _sourced(_read(record))
            command_id = command.command_id
            if not isinstance(command, EraseCustomer):
                return _InHand(record, command_id, self._decisions.submit(command))
            self._await(before)
            with ThreadPoolExecutor(1, "erasing") as apart:
                erasing = _InHand(record, command_id, apart.submit(self._decisions.erase, command))
                self._await([erasing])
            return erasing
        except Exception as error:  # noqa: BLE001 - raised again where its answer is made
            _pass_on(error)  # At once: what comes behind it must not be decided before it.
            failed: Future[Outcome] = Future()
            failed.set_exception(error)
            return _InHand(record, command_id, failed)

    def _await(self, in_hand: Sequence[_InHand]) -> None:
        """Wait for all outcomes: as long as it takes, where the database is away, but alive.

        Raises: as _pass_on
        """
        outcomes = [one.outcome for one in in_hand]
        while wait(outcomes, BEAT_SECONDS).not_done:
            self._beat()
        for outcome in outcomes:
            if isinstance(error := outcome.exception(), Exception):
                _pass_on(error)

    def _commit(self, batch: Sequence[Any]) -> bool:
        """Say that the batch is done; False: others may have its partitions by now."""
        ends = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in batch}
        offsets = {part: self._topic.committing(part, end) for part, end in ends.items()}
        try:
            self._records.commit(offsets, timeout_ms=COMMIT_SECONDS * 1_000)
        except CommitFailedError:  # Whoever has them repeats the batch, and gets the same answers.
            log_.warning("commit_refused", partitions=len(offsets), commands=len(batch))
            return False
        except KafkaError as error:
            raise broker_error(error) from error
        return True

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do something, again and again while database or broker are away."""
        while True:
            self._beat()
            try:
                done = work()
            except InfraError as error:
                if error.code not in WAITED_FOR or self._stop.is_set():
                    raise
                log_.warning("commands_wait", code=error.code)
                if isinstance(error.__cause__, KafkaError) and not error.__cause__.retriable:
                    self._lines.tell(f"commands wait: {error}")
                self._stop.wait(WAIT_SECONDS)
            else:
                self._lines.tell("")
                return done


def _told(in_hand: Sequence[_InHand]) -> Iterator[Message]:
    """Give what is to be published of each."""
    for one in in_hand:
        answer = _answer(one)
        yield _result(one.record, answer)
        if answer.kind in ("invalid", "failed"):
            log_.warning("command_dead_lettered", origin=_origin(one.record).decode())
            yield _dead_letter(one.record, answer)


def _read(record: Any) -> Command:
    if isinstance(record, Unreadable):
        message = f"its record cannot be read ({record.why}): send it again"
        raise CommandUnreadable(Unmet(code="command_spoiled", message=message))
    return decode(record.value)


def _sourced(command: Command) -> Command:
    if "source" in command.model_fields_set:
        return command
    return command.model_copy(update={"source": SOURCE})


def _pass_on(error: Exception) -> None:
    """Raise what is no fault of one command: the batch waits, or this process ends."""
    if isinstance(error, InfraError) and error.code in WAITED_FOR | ENDS:
        raise error


def _answer(one: _InHand) -> Answer:
    """Give the answer to a command, also where a fault of ours keeps it from its outcome: a record
    that raised again and again would hold up its partition for ever. Raises: as _pass_on
    """
    try:
        return answer_of(one.outcome.result())
    except Exception as error:  # noqa: BLE001 - told to the sender, the dead letters and the log
        _pass_on(error)
        answer = answer_to(error, one.command_id)
        if answer.kind == "failed":
            origin = _origin(one.record).decode()
            log_.error("command_failed", origin=origin, error=type(error).__name__)
        return answer


def _result(record: Any, answer: Answer) -> Message:
    headers = [(ORIGIN, _origin(record))]
    correlation = dict(record.headers).get(CORRELATION)
    if correlation is None and answer.command_id is not None:
        correlation = str(answer.command_id).encode()
    if correlation is not None and len(correlation) <= MAX_CORRELATION_BYTES:
        headers.append((CORRELATION, correlation))
    return Message(RESULTS.name, answer.encode(), key=_key(record), headers=headers)


def _dead_letter(record: Any, answer: Answer) -> Message:
    """Tell what could not be carried out, and where it stands; it may hold personal data, so its
    bytes stay where they are."""
    letter = CommandLetter(
        origin=RecordPlace.model_validate(record),
        sent_at_ms=record.timestamp,
        value_bytes=len(record.value or b""),
        answer=from_json(answer.encode()),  # as much of it as fits a record
    )
    value, headers = letter.model_dump_json().encode(), [(ORIGIN, _origin(record))]
    return Message(DEADLETTERS.name, value, key=_key(record), headers=headers)


def _key(record: Any) -> bytes | None:
    key: bytes | None = record.key
    return None if key is None or len(key) > MAX_KEY_BYTES else key


def _origin(record: Any) -> bytes:
    return f"{record.topic}/{record.partition}/{record.offset}".encode()
