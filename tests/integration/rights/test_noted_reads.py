"""What is kept of who read personal data: so many days, and so many rows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from domain.access.reads import Read, Reading, Sought
from infra.postgres import Session
from infra.read_store import KEPT_DAYS, PostgresReadStore

MOST_ROWS = 1_000
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    with closing(Session(database_url, role="orderpath_writer")) as opened:
        yield opened


@pytest.fixture
def store(session: Session) -> PostgresReadStore:
    return PostgresReadStore(session, most_rows=MOST_ROWS)


def read(subject: str, actor: str = "desk", minute: datetime = NOW) -> Read:
    return Read(Reading(minute, "api_key", actor, None, "order.show", subject), 1, 1)


def kept(store: PostgresReadStore) -> list[str | None]:
    """Name whose data was read, the latest first."""
    return [one.read.reading.subject for one in store.find(Sought(), 100_000)]


def test_who_reads_the_same_again_and_again_washes_no_trace_away(store: PostgresReadStore) -> None:
    store.note([read("c-victim", "thief")])
    for _ in range(MOST_ROWS + 100):
        store.note([read("c-1")])
    store.note([read("c-2")])

    assert kept(store) == ["c-2", "c-1", "c-victim"]
    (again,) = store.find(Sought(subject="c-1"), 10)
    assert again.read.times == MOST_ROWS + 100


def test_the_oldest_rows_go_beyond_so_many(store: PostgresReadStore) -> None:
    for first in range(0, 3 * MOST_ROWS, 50):
        store.note([read(f"c-{first + number:06}") for number in range(50)])

    found = kept(store)

    assert MOST_ROWS <= len(found) < MOST_ROWS + 60
    assert found == [f"c-{3 * MOST_ROWS - 1 - number:06}" for number in range(len(found))]


def test_a_process_that_begins_drops_what_is_too_much(
    store: PostgresReadStore, session: Session
) -> None:
    store.note([read(f"c-{number:06}") for number in range(MOST_ROWS)])

    PostgresReadStore(session, most_rows=100).note([read("c-new")])

    assert len(kept(store)) == 100


def test_rows_go_after_so_many_days(store: PostgresReadStore) -> None:
    store.note([read("c-old", minute=NOW - timedelta(days=KEPT_DAYS - 1))])
    store.note([read("c-older", minute=NOW - timedelta(days=KEPT_DAYS, minutes=2))])

    assert kept(store) == ["c-old"]


def test_processes_that_note_and_drop_at_once_are_in_no_others_way(
    store: PostgresReadStore, session: Session, database_url: str
) -> None:
    def noting() -> None:
        with closing(Session(database_url, role="orderpath_writer")) as own:
            one = PostgresReadStore(own, most_rows=MOST_ROWS)
            for first in range(0, 2 * MOST_ROWS, 50):
                one.note([read(f"c-{first + number:06}") for number in range(50)])

    with ThreadPoolExecutor(3) as threads:
        for one in [threads.submit(noting) for _ in range(3)]:
            one.result()
    PostgresReadStore(session, most_rows=MOST_ROWS).note([read("c-last")])

    assert len(kept(store)) == MOST_ROWS
    assert kept(store)[0] == "c-last"
