"""What writers do in tests: a small shop, callers that fight over its orders, and a witness.

Functions whose first parameter is a pipe run in a process of tests.support.processes.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from multiprocessing.connection import Connection
from random import Random
from threading import Lock, Thread
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from domain.batch import Answer, Append, Appended, Log, StoredOutcome
from domain.catalog import COMMANDS
from domain.facts import PathKey
from domain.messages import Command, Happened, Outcome
from domain.orders import commands as c
from domain.orders.events import Customer
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.refusals import Conflict, InfraError
from domain.teams.sharing import ShareOut
from infra.event_log import open_log
from infra.log import configure_logging
from services.command_queue import hash_of
from services.pipeline import Pipeline, body_of
from tests.support.examples import PATH, TEA, actor

SOMEBODY: Final = Customer(customer_id="c-7")  # whose orders make no customer: no contact is told
EVERYBODY: Final = actor("user", "warehouse", "lead")  # may make every move of the path


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_pipeline(
    url: str, wrap: Callable[[Log], Log] = lambda log: log, **settings: Any
) -> Iterator[Pipeline]:
    """Give a pipeline with a connection of its own, as another process would have."""
    log = open_log(url)
    try:
        with Pipeline(wrap(log), settings.pop("clock", now), **settings) as pipeline:
            yield pipeline
    finally:
        log.close()


def body_hash(command: Command) -> bytes:
    """Give the hash of a command as a pipeline makes it for programs."""
    return hash_of(body_of(command), command, own=False)


def publish(**changes: Any) -> PublishPath:
    definition = OrderPath.model_validate(PATH.model_dump(mode="json") | changes)
    return PublishPath(command_id=uuid4(), actor=actor("system"), definition=definition)


def place(order_id: UUID | None = None, **body: Any) -> c.PlaceOrder:
    told = {"command_id": uuid4(), "actor": EVERYBODY, "path": "shop", "currency": "EUR"}
    rest = {"order_id": order_id or uuid4(), "lines": (TEA,), "customer": SOMEBODY}
    return c.PlaceOrder(**told | rest | body)


def move(order_id: UUID, to_status: str, **body: Any) -> c.ChangeStatus:
    """Ask for a change of status, with every reason that a move may demand."""
    why = {"reason_code": "changed_mind", "initiator": "client", "reason": "because"}
    told = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id} | why
    return c.ChangeStatus(**told | {"to_status": to_status} | body)


def note(order_id: UUID, text: str = "Call after six", **body: Any) -> c.AddNote:
    told = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id, "text": text}
    return c.AddNote(**told | body)


def issue(order_id: UUID, kind: str = "invoice", **body: Any) -> c.IssueDocument:
    told = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id, "kind": kind}
    return c.IssueDocument(**told | body)


def open_shop(url: str, orders: int) -> list[UUID]:
    """Publish the path and place so many orders."""
    ids = [uuid4() for _ in range(orders)]
    with open_pipeline(url) as pipeline:
        pipeline.execute(publish())
        for future in [pipeline.submit(place(order_id)) for order_id in ids]:
            assert future.result().kind == "accepted"
    return ids


@dataclass(frozen=True)
class Told:
    """What a caller sent and was answered."""

    command_id: UUID
    expected_version: int | None
    kind: str  # of the outcome, or conflict, or the code of an InfraError
    first_position: int | None = None
    last_position: int | None = None
    unmet: tuple[str, ...] = ()

    @property
    def is_outcome(self) -> bool:
        return self.kind in ("accepted", "refused", "nothing")


@dataclass(frozen=True)
class Witnessed:
    """A command that was answered on the log as of `position`, its own events not included."""

    name: str
    body: str
    kind: str
    position: int

    @property
    def command(self) -> Command:
        return COMMANDS[self.name].model_validate_json(self.body)


def send(pipeline: Pipeline, command: Command) -> Told:
    """Execute a command; every answer that a caller may get is a value."""
    sent = (command.command_id, command.expected_version)
    try:
        outcome: Outcome = pipeline.execute(command)
    except Conflict:
        return Told(*sent, "conflict")
    except InfraError as error:
        return Told(*sent, error.code)
    codes = tuple(unmet.code for unmet in outcome.unmet)
    return Told(*sent, outcome.kind, outcome.first_position, outcome.last_position, codes)


class WitnessLog:
    """A log that notes at which position each answer of a batch took its turn."""

    def __init__(self, log: Log, witness: Callable[[Witnessed], None]) -> None:
        self._log = log
        self._witness = witness

    @contextmanager
    def locked(self) -> Iterator["WitnessLog"]:
        with self._log.locked() as held:
            yield WitnessLog(held, self._witness)

    def load(self, versions: Mapping[str, int]) -> Mapping[str, Sequence[Happened]]:
        return self._log.load(versions)

    def load_states(self, streams: Collection[str]) -> Mapping[str, Any]:
        return self._log.load_states(streams)

    def load_paths(self, keys: Sequence[PathKey]) -> Mapping[PathKey, OrderPath]:
        return self._log.load_paths(keys)

    def load_outcomes(self, ids: Sequence[UUID]) -> Mapping[UUID, StoredOutcome]:
        return self._log.load_outcomes(ids)

    def append(self, answers: Sequence[Answer], versions: Mapping[str, int]) -> Append:
        return _WitnessedAppend(self._log.append(answers, versions), answers, self._witness)

    def holds_keys(self, subjects: Sequence[str]) -> bool:
        return self._log.holds_keys(subjects)

    def newly_erased(self) -> Collection[str]:
        return self._log.newly_erased()

    @property
    def erasures(self) -> int:
        return self._log.erasures

    def keep_states(self, states: Mapping[str, Any], erasures: int) -> None:
        self._log.keep_states(states, erasures)

    def close(self) -> None:
        self._log.close()


@dataclass(frozen=True)
class _WitnessedAppend:
    append: Append
    answers: Sequence[Answer]
    witness: Callable[[Witnessed], None]

    def fileno(self) -> int:
        return self.append.fileno()

    def done(self) -> bool:
        return self.append.done()

    def result(self) -> Appended:
        appended = self.append.result()
        position = appended.after
        for number, answer in enumerate(self.answers):
            if number not in appended.set_back:
                body = answer.command.model_dump_json(exclude_unset=True)
                self.witness(Witnessed(answer.command.NAME, body, answer.kind, position))
                position += len(answer.events)
        return appended


def fight(pipe: Connection, url: str, seed: int, orders: list[UUID], each: int) -> None:
    """Let 16 callers send `each` commands to shared orders, once the other side says go."""
    configure_logging("error", "json")
    say = _speaker(pipe)
    with open_pipeline(url, lambda log: WitnessLog(log, say)) as pipeline:
        pipe.recv()
        _in_threads(16, lambda n: _fight(pipeline, Random(f"{seed}-{n}"), orders, each, say))
    pipe.close()


def write_until_killed(pipe: Connection, url: str, orders: list[UUID]) -> None:
    """Let 8 callers write for as long as the process lives, and say each answer at once."""
    configure_logging("error", "json")
    say = _speaker(pipe)
    with open_pipeline(url) as pipeline:

        def write(number: int) -> None:
            for turn in count():
                order_id = orders[(number + turn) % len(orders)]
                wish = note(order_id) if turn % 3 else move(order_id, "confirmed")
                say(send(pipeline, wish))

        _in_threads(8, write)


def issue_until_killed(pipe: Connection, url: str, orders: list[UUID]) -> None:
    """Let 8 callers issue documents for as long as the process lives, and say each answer."""
    configure_logging("error", "json")
    say = _speaker(pipe)
    with open_pipeline(url) as pipeline:

        def write(number: int) -> None:
            for turn in count():
                say(send(pipeline, issue(orders[(number + turn) % len(orders)])))

        _in_threads(8, write)


def share(order_id: UUID, group: str = "managers", **body: Any) -> ShareOut:
    told = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id, "group": group}
    return ShareOut(**told | body)


def share_until_killed(pipe: Connection, url: str, orders: list[UUID]) -> None:
    """Let 4 callers share orders out, end and reopen them for as long as the process lives, and
    say each answer."""
    configure_logging("error", "json")
    say = _speaker(pipe)
    with open_pipeline(url) as pipeline:

        def write(number: int) -> None:
            for turn in count():
                order_id = orders[(number + turn) % len(orders)]
                for command in (
                    share(order_id),
                    share(order_id, hands_over=f"user_{turn % 3}"),
                    move(order_id, "cancelled"),
                    move(order_id, "new"),
                ):
                    say(send(pipeline, command))

        _in_threads(4, write)


def answer_one(pipe: Connection, url: str, name: str, body: str) -> None:
    """Send one command and say what came of it."""
    configure_logging("error", "json")
    with open_pipeline(url) as pipeline:
        pipe.send(send(pipeline, COMMANDS[name].model_validate_json(body)))
    pipe.close()


def _fight(
    pipeline: Pipeline, random: Random, orders: list[UUID], each: int, say: Callable[[Told], None]
) -> None:
    sent: list[Command] = []
    versions: dict[UUID, int] = {}
    for _ in range(each):
        order_id = random.choice(orders)
        command = _wish(random, order_id, versions.get(order_id, 1), sent, orders)
        told = send(pipeline, command)
        say(told)
        sent.append(command)
        if told.kind == "accepted" and isinstance(command, c.OrderCommand):
            versions[command.order_id] = versions.get(command.order_id, 1) + 1


def _wish(
    random: Random, order_id: UUID, version: int, sent: list[Command], orders: list[UUID]
) -> Command:
    kind = random.random()
    if kind < 0.1 and sent:
        return random.choice(sent)
    if kind < 0.2:  # One of 100 commands that every caller of every process sends.
        number = random.randrange(100)
        shared = uuid5(NAMESPACE_URL, f"shared {number}")
        statuses = list(PATH.statuses)
        target = statuses[number % len(statuses)]
        return move(orders[number % len(orders)], target, command_id=shared)
    if kind < 0.3:
        return move(order_id, "cancelled", expected_version=version)
    if kind < 0.45:
        return note(order_id)
    if kind < 0.5:
        return place(order_id)
    return move(order_id, random.choice(list(PATH.statuses)))


def _speaker(pipe: Connection) -> Callable[[Any], None]:
    lock = Lock()

    def say(what: Any) -> None:
        with lock:
            pipe.send(what)

    return say


def _in_threads(callers: int, run: Callable[[int], None]) -> None:
    threads = [Thread(target=run, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
