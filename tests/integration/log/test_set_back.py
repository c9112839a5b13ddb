"""Which commands of a batch are set back: against a reference that anybody can read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from infra.appending import AppendRows
from infra.postgres import connect
from infra.recorder import PostgresRecorder
from tests.support.postgres import cloned_database

STREAMS = range(5)


@dataclass(frozen=True)
class Wish:
    """A command of a batch: the streams that it reads and those of them that it writes."""

    reads: tuple[int, ...]
    writes: frozenset[int]
    known: bool = False  # its id was answered before


def reference(batch: list[Wish], moved: set[int]) -> set[int]:
    """Set back: a known id; a read of a moved stream; a read of what a set-back one wrote."""
    gone: set[int] = set()
    tainted: set[int] = set()
    for number, wish in enumerate(batch):
        if wish.known or moved & set(wish.reads) or tainted & set(wish.reads):
            gone.add(number)
            tainted |= wish.writes
    return gone


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    reads = draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=3, unique=True))
    writes = draw(st.sets(st.sampled_from(reads)))
    return Wish(tuple(reads), frozenset(writes), draw(st.integers(0, 9)) == 0)


batches = st.lists(wishes(), min_size=1, max_size=12)
moves = st.sets(st.sampled_from(STREAMS), max_size=2)


@pytest.fixture(scope="module")
def owner(migrated_server: str) -> Iterator[psycopg.Connection[Any]]:
    """One database for all examples: each is rolled back."""
    with cloned_database(migrated_server) as url, connect(url) as connection:
        yield connection


@given(batch=batches, moved=moves)
def test_only_commands_that_share_a_stream_with_a_set_back_one_are_set_back(
    owner: psycopg.Connection[Any], batch: list[Wish], moved: set[int]
) -> None:
    reads = [
        (number, stream, stream in wish.writes)
        for number, wish in enumerate(batch)
        for stream in wish.reads
    ]
    known = [number for number, wish in enumerate(batch) if wish.known]

    row = owner.execute(
        "select log.set_back(%s, %s, %s)", [to_json(reads).decode(), list(moved), known]
    ).fetchone()

    assert row is not None
    assert set(row[0]) == reference(batch, moved)
    assert len(row[0]) == len(set(row[0]))


class OneTransaction:
    """Lends the recorder a connection whose transaction the test rolls back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def connection(self) -> Any:
        return self

    def __enter__(self) -> psycopg.Connection[Any]:
        return self._connection

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


@given(batch=batches, moved=moves, before=st.integers(0, 3))
def test_what_is_not_set_back_is_written_in_order_with_contiguous_positions(
    owner: psycopg.Connection[Any], batch: list[Wish], moved: set[int], before: int
) -> None:
    ids = [uuid4() for _ in batch]
    with owner.transaction(force_rollback=True):
        lender = OneTransaction(owner)
        recorder = PostgresRecorder(lender, lender)
        already = [number for number, wish in enumerate(batch) if wish.known]
        fill(recorder, before, [ids[number] for number in already], sorted(moved))
        filled = before * len(STREAMS) + len(moved)

        events = events_of(batch, before)
        after, at, found_moved, known, set_back, *_ = recorder.append(
            AppendRows(
                [command_row(n, ids[n], wish) for n, wish in enumerate(batch)],
                events,
                streams=[(f"order-{stream}", before) for stream in STREAMS],
                reads=[
                    (n, stream, stream in wish.writes)
                    for n, wish in enumerate(batch)
                    for stream in wish.reads
                ],
            )
        ).result()

        gone = reference(batch, moved)
        written = owner.execute(
            "select position, stream_id, version, command_id, recorded_at from log.events"
            " where position > %s order by position",
            [filled],
        ).fetchall()
        stored = dict(
            owner.execute(
                "select command_id, (outcome, first_position, last_position)::text"
                " from log.commands where name = 'test'"
            ).fetchall()
        )

    assert (after, set(found_moved), set(known)) == (filled, moved, set(already))
    assert set(set_back) == gone
    kept = [event for event in events if event["command"] not in gone]
    assert [(p, s, v, c) for p, s, v, c, _ in written] == [
        (after + n, event["stream_id"], event["version"], ids[event["command"]])
        for n, event in enumerate(kept, 1)
    ]
    assert {row[4] for row in written} <= {at}
    assert stored == outcomes(batch, ids, gone, kept, after)


def events_of(batch: list[Wish], before: int) -> list[dict[str, Any]]:
    """Give two events for each written stream, versions as a pipeline would count them."""
    versions = dict.fromkeys(STREAMS, before)
    rows: list[dict[str, Any]] = []
    for number, wish in enumerate(batch):
        for stream in sorted(wish.writes) * 2:
            versions[stream] += 1
            rows.append(event_row(len(rows), number, stream, versions[stream]))
    return rows


def outcomes(
    batch: list[Wish], ids: list[UUID], gone: set[int], kept: list[dict[str, Any]], after: int
) -> dict[UUID, str]:
    found = {}
    for number, wish in enumerate(batch):
        if number in gone:
            continue
        mine = [after + n for n, event in enumerate(kept, 1) if event["command"] == number]
        found[ids[number]] = f"(accepted,{mine[0]},{mine[-1]})" if wish.writes else "(nothing,,)"
    return found


def fill(recorder: PostgresRecorder, before: int, known: list[UUID], moved: list[int]) -> None:
    """Bring every stream to a version, the moved ones one further; answer the known ids."""
    streams = [stream for stream in STREAMS for _ in range(before)]
    versions = [version for _ in STREAMS for version in range(1, before + 1)]
    rows = [event_row(n, 0, s, v) for n, (s, v) in enumerate(zip(streams, versions, strict=True))]
    rows += [event_row(len(rows) + n, 0, s, before + 1) for n, s in enumerate(moved)]
    first = command_row(0, uuid4(), Wish((), frozenset({1} if rows else ())))
    answered = [command_row(n, one, Wish((), frozenset())) for n, one in enumerate(known, 1)]
    commands = [one | {"name": "before"} for one in (first, *answered)]
    recorder.append(AppendRows(commands, rows)).result()


def command_row(number: int, command_id: UUID, wish: Wish) -> dict[str, Any]:
    return {
        "no": number,
        "command_id": command_id,
        "name": "test",
        "body_hash": "00",
        "outcome": "accepted" if wish.writes else "nothing",
        "versions": {},
        "unmet": [],
        "correlation_id": command_id,
        "actor_kind": "system",
        "actor_id": "test",
        "source": "test",
    }


def event_row(number: int, command: int, stream: int, version: int) -> dict[str, Any]:
    return {
        "no": number,
        "command": command,
        "stream_id": f"order-{stream}",
        "version": version,
        "shard": stream,
        "type": "order.test_flag_changed.v1",
        "payload": "{}",
        "occurred_at": "2026-03-02T09:00:00Z",
    }
