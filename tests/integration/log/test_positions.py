"""Positions: n+1 follows n in commit order, whatever fails or comes at once; a hole is reported."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.batch import Answer, NewEvent
from domain.messages import Decided
from domain.orders import events as e
from domain.refusals import FactIdReused, InfraError
from infra.event_log import EventLog, open_log
from tests.support.examples import NOW, fact_id
from tests.support.loads import body_hash, note


def answer(stream: str, *versions: int, fact: int | None = None) -> Answer:
    """Give a command that writes these versions of a stream."""
    fact_ids = [fact_id(fact)] if fact is not None else []
    events = [
        NewEvent(stream, v, Decided(e.OwnerAssigned(user=f"u{v}"), NOW, *fact_ids), stream)
        for v in versions
    ]
    command = note(uuid4())
    after = {stream: versions[-1]}
    return Answer(command, body_hash(command), "accepted", [stream], events, versions=after)


def positions(owner: psycopg.Connection[Any]) -> list[int]:
    return [p for (p,) in owner.execute("select position from log.events order by position")]


def test_positions_are_contiguous_under_appends_from_many_connections(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    def write(number: int) -> list[tuple[int, int]]:
        log = open_log(database_url)
        stream = f"order-{number}"
        written = []
        for version in range(1, 60, 3):
            one = answer(stream, version, version + 1, version + 2)
            appended = log.append([one], {stream: version - 1}).result()
            written.append((appended.after, appended.after + 3))
        log.close()
        return written

    with ThreadPoolExecutor(6) as pool:
        written = sorted(part for parts in pool.map(write, range(6)) for part in parts)

    assert positions(owner) == list(range(1, 361))
    assert written == [(first, first + 3) for first in range(0, 360, 3)]


def test_a_failed_append_leaves_no_hole(log: EventLog, owner: psycopg.Connection[Any]) -> None:
    log.append([answer("order-a", 1, fact=1)], {"order-a": 0}).result()

    with pytest.raises(FactIdReused):
        log.append([answer("order-b", 1, fact=1)], {"order-b": 0}).result()
    with pytest.raises(IntegrityError):
        log.recorder.insert_events([StoredEvent("order-a", 1, "order.note_added.v1", b"{}")])
    log.append([answer("order-b", 1)], {"order-b": 0}).result()

    assert positions(owner) == [1, 2]
    assert owner.execute("select count(*) from log.commands").fetchone() == (2,)


def test_a_rolled_back_append_leaves_no_hole(log: EventLog, owner: psycopg.Connection[Any]) -> None:
    with suppress(ZeroDivisionError), log.locked() as held:
        held.append([answer("order-a", 1, 2)], {"order-a": 0}).result()
        1 / 0  # noqa: B018 - before the commit

    appended = log.append([answer("order-a", 1)], {"order-a": 0}).result()

    assert appended.after == 0
    assert positions(owner) == [1]


def test_recorded_at_never_decreases_even_if_the_last_was_in_the_future(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    log.append([answer("order-a", 1)], {"order-a": 0}).result()
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute("update log.events set recorded_at = now() + interval '1 hour'")

    for version in (2, 3):
        log.append([answer("order-a", version)], {"order-a": version - 1}).result()

    times = [at for (at,) in owner.execute("select recorded_at from log.events order by position")]
    assert times == sorted(times)
    assert times[0] == times[1] == times[2]  # The clock of the server has not come there yet.


def test_the_same_version_of_a_stream_is_never_written_twice(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    log.append([answer("order-a", 1)], {"order-a": 0}).result()

    stale = log.append([answer("order-a", 1)], {"order-a": 0}).result()
    with pytest.raises(psycopg.errors.UniqueViolation):  # Not even who claims not to have read it.
        log.append([answer("order-a", 1)], {"order-a": 1}).result()

    assert stale.moved == {"order-a"}
    assert stale.set_back == {0}
    assert positions(owner) == [1]


def test_nobody_appends_with_an_older_snapshot_than_the_lock(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    (name,) = owner.execute("select current_database()").fetchone() or ("",)
    owner.execute(f"alter database {name} set default_transaction_isolation = 'repeatable read'")
    log = open_log(database_url)

    with pytest.raises(psycopg.errors.InvalidTransactionState, match="read committed"):
        log.append([answer("order-a", 1)], {"order-a": 0}).result()

    log.close()
    assert positions(owner) == []


def test_who_holds_the_head_keeps_everybody_else_from_appending(
    database_url: str, log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    other = open_log(database_url)
    with ThreadPoolExecutor(1) as pool:
        with log.locked() as held:
            waiting = pool.submit(other.append([answer("order-b", 1)], {"order-b": 0}).result)
            while not owner.execute("select 1 from pg_locks where not granted").fetchone():
                assert not waiting.done()
            held.append([answer("order-a", 1)], {"order-a": 0}).result()
            assert not waiting.done()
        appended = waiting.result(timeout=30)

    other.close()
    assert appended.after == 1


def test_the_head_is_not_held_for_long_by_somebody_who_went_quiet(
    database_url: str, log: EventLog
) -> None:
    other = open_log(database_url)

    def hold_for_too_long() -> None:
        with log.locked() as held:
            overtaken = other.append([answer("order-a", 1)], {"order-a": 0})
            overtaken.result()  # Waits until the server ends us.
            held.append([answer("order-a", 1)], {"order-a": 0}).result()

    with pytest.raises(InfraError) as caught:
        hold_for_too_long()

    other.close()
    assert caught.value.code == "database_unavailable"


def test_a_missing_position_is_reported_by_every_reader(
    log: EventLog, owner: psycopg.Connection[Any]
) -> None:
    log.append([answer("order-a", 1, 2, 3)], {"order-a": 0}).result()
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute("delete from log.events where position = 2")

    for read in (log.read, log.read_lenient):
        with pytest.raises(InfraError, match="Position 2 is missing") as caught:
            read(0, 100)
        assert caught.value.code == "log_gap"
        assert [one.position for one in read(2, 100)] == [3]


def test_a_position_is_readable_only_when_all_before_it_are(database_url: str) -> None:
    """Positions are given under the lock that is held until the commit is visible."""
    streams = [f"order-{n}" for n in range(4)]

    def write(stream: str) -> None:
        log = open_log(database_url)
        for version in range(1, 80):
            log.append([answer(stream, version)], {stream: version - 1}).result()
        log.close()

    reader = open_log(database_url)
    seen: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, stream) for stream in streams]
        while not all(future.done() for future in running) or len(seen) < 4 * 79:
            seen += [one.position for one in reader.read(len(seen), 50)]
            assert not any(future.done() and future.exception() for future in running)
    reader.close()

    assert seen == list(range(1, 4 * 79 + 1))
