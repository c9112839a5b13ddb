"""A snapshot is believed only if it is whole, in its place, of this version, and still true."""

from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from domain.batch import Log
from domain.catalog import empty_state
from domain.orders.order import Order
from infra.event_log import EventLog, open_log
from infra.postgres import connect
from infra.sealing import PREFIX, SubjectKey
from infra.snapshots import Snapshots
from infra.state_shapes import shape_of
from services.states import StateCache
from tests.integration.log.test_personal_data import CUSTOMER, MARK, in_clear
from tests.support.loads import move, note, open_pipeline, place, publish

STEPS: Final = ("confirmed", "packed")


@dataclass
class Kept:
    """An order of three events, its state, and a snapshot of it."""

    stream: str
    state: Any
    log: EventLog
    url: str

    def found(self) -> dict[str, Any]:
        """Look for the snapshot as another process would, which knows no key."""
        log = open_log(self.url)
        try:
            return log.load_states([self.stream])
        finally:
            log.close()


@pytest.fixture
def kept(database_url: str, log: EventLog) -> Kept:
    order_id = uuid4()
    with open_pipeline(database_url) as pipeline:
        pipeline.execute(publish())
        for command in (place(order_id, customer=CUSTOMER), *(move(order_id, s) for s in STEPS)):
            assert pipeline.execute(command).kind == "accepted"
    stream = f"order-{order_id}"
    state = loaded(log, stream)
    log.keep_states({stream: state}, 0)
    return Kept(stream, state, log, database_url)


def loaded(log: Log, stream: str) -> Any:
    """Build the state from its events alone."""
    state: Any = empty_state(stream)
    for event in log.load({stream: 0})[stream]:
        state = state.evolve(event)
    return state


def rows(owner: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    return owner.execute("select version, type from log.snapshots order by version").fetchall()


@pytest.fixture
def warnings() -> Iterator[list[Any]]:
    with capture_logs() as told:
        yield told


def test_a_kept_state_is_what_its_events_tell(kept: Kept, warnings: list[Any]) -> None:
    assert kept.state.version == 3
    assert kept.found() == {kept.stream: kept.state}
    assert warnings == []


def test_what_has_no_snapshot_is_missing(kept: Kept) -> None:
    assert kept.log.load_states([f"order-{uuid4()}", "path-shop"]) == {}


def test_every_category_of_streams_can_be_kept(kept: Kept) -> None:
    line = loaded(kept.log, "path-shop")
    kept.log.keep_states({"path-shop": line}, 0)

    assert kept.log.load_states(["path-shop"]) == {"path-shop": line}


def test_a_newer_snapshot_takes_the_place_of_an_older_one(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(kept.url) as pipeline:
        pipeline.execute(note(uuid_of(kept.stream)))
    newer = loaded(kept.log, kept.stream)

    kept.log.keep_states({kept.stream: newer}, 0)
    kept.log.keep_states({kept.stream: newer}, 0)  # Twice is once.

    assert [version for version, _ in rows(owner)] == [4]
    assert kept.found() == {kept.stream: newer}


def test_a_slower_process_does_not_hide_a_newer_snapshot(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(kept.url) as pipeline:
        pipeline.execute(note(uuid_of(kept.stream)))
    newer = loaded(kept.log, kept.stream)
    kept.log.keep_states({kept.stream: newer}, 0)

    kept.log.keep_states({kept.stream: kept.state}, 0)

    assert kept.found() == {kept.stream: newer}


def test_two_processes_that_keep_the_same_states_at_once_keep_them(kept: Kept) -> None:
    line = loaded(kept.log, "path-shop")
    states = {kept.stream: kept.state, "path-shop": line}
    backwards = dict(reversed(states.items()))

    def keep(which: dict[str, Any]) -> None:
        log = open_log(kept.url)
        for _ in range(20):
            log.keep_states(which, 0)
        log.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, [states, backwards, states, backwards]))

    assert kept.log.load_states(list(states)) == states


@pytest.mark.parametrize(
    "destroy",
    [
        "update log.keys set key = null where subject_id = 'c-7'",
        "update log.keys set key = null where key_id = (select key_id from log.snapshots)",
    ],
    ids=["every key of the person", "the key of the snapshot"],
)
def test_a_snapshot_whose_key_was_destroyed_is_none(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any], destroy: str
) -> None:
    owner.execute(destroy)

    assert kept.found() == {}
    assert warnings == []


def test_a_snapshot_whose_key_is_gone_is_none(kept: Kept, owner: psycopg.Connection[Any]) -> None:
    owner.execute("delete from log.keys")

    assert kept.found() == {}


@pytest.mark.parametrize("subject", ["c-7", "the stream"])
def test_a_snapshot_tells_nothing_that_another_destroyed_key_has_erased(
    kept: Kept, owner: psycopg.Connection[Any], subject: str
) -> None:
    """Events of one order may be sealed with several keys; the snapshot is with one."""
    owner.execute(
        "insert into log.keys (key_id, subject_id) values (gen_random_uuid(), %s)",
        [kept.stream if subject == "the stream" else subject],
    )

    assert kept.found() == {}


def test_a_process_that_remembers_an_erased_person_keeps_no_snapshot_of_them(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("delete from log.snapshots")
    owner.execute("update log.keys set key = null")

    kept.log.keep_states({kept.stream: kept.state}, 0)  # With the key that it remembers,
    other = open_log(kept.url)
    other.keep_states({kept.stream: kept.state}, 0)  # or with a new one.
    other.close()

    assert rows(owner) == []


def test_the_order_of_an_erased_person_goes_on_without_a_snapshot(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("update log.keys set key = null")

    with open_pipeline(kept.url) as pipeline:
        assert pipeline.execute(note(uuid_of(kept.stream))).versions == {kept.stream: 4}
    order = loaded(kept.log, kept.stream)
    assert order.placed.customer.name == "[erased]"


@pytest.mark.parametrize(
    "damage",
    [
        # Some other character than the one that stands there.
        "state = set_byte(state, 40, case get_byte(state, 40) when 65 then 66 else 65 end)",
        "state = substring(state for 30)",
        "state = 'sealed:1:no base64'",
        "state = '\\xff'",
        "state = '{\"version\": 3}'",
    ],
    ids=["altered", "cut", "no base64", "no text", "empty"],
)
def test_a_damaged_snapshot_is_ignored_and_named_once(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any], damage: str
) -> None:
    owner.execute("update log.snapshots set " + damage)  # noqa: S608 - of the list above

    assert kept.log.load_states([kept.stream]) == kept.log.load_states([kept.stream]) == {}
    (told,) = warnings
    assert (told["event"], told["log_level"]) == ("snapshot_damaged", "warning")
    assert (told["stream_id"], told["version"]) == (kept.stream, 3)
    assert MARK not in str(warnings)


def test_a_snapshot_that_somebody_wrote_in_clear_is_ignored(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    """Its seal is what tells that it comes from us."""
    body = shape_of("order").dump(kept.state).encode()
    owner.execute("update log.snapshots set state = %s", [body])

    assert kept.found() == {}
    assert [one["event"] for one in warnings] == ["snapshot_damaged"]


def test_a_snapshot_that_was_moved_to_another_place_does_not_open(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    owner.execute(
        "update log.snapshots s set version = 2, recorded_at = e.recorded_at"
        " from log.events e where e.stream_id = s.stream_id and e.version = 2"
    )

    assert kept.found() == {}
    assert [one["error"] for one in warnings] == ["InvalidTag"]


def test_a_snapshot_of_another_version_of_the_code_is_ignored(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    owner.execute("update log.snapshots set type = 'order.state.0123456789abcdef'")

    assert kept.found() == {}
    assert warnings == []


def test_an_older_snapshot_serves_where_the_newest_is_of_another_version(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    with open_pipeline(kept.url) as pipeline:
        pipeline.execute(note(uuid_of(kept.stream)))
    owner.execute(
        "insert into log.snapshots select s.stream_id, e.version, 'order.state.other', s.state,"
        " s.key_id, e.recorded_at from log.snapshots s join log.events e"
        " on e.stream_id = s.stream_id and e.version = 4"
    )

    assert kept.found() == {kept.stream: kept.state}


def test_what_the_eventsourcing_library_keeps_there_is_not_ours(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    owner.execute(
        "insert into log.snapshots (stream_id, version, type, state) values (%s, 2, %s, %s)",
        [kept.stream, shape_of("order").name, b"{}"],
    )

    assert kept.found() == {kept.stream: kept.state}
    assert warnings == []


def restore(owner: psycopg.Connection[Any], kept: Kept, version: int) -> None:
    """As if the log, but not the snapshots, came back from a backup."""
    owner.execute("alter table log.events disable trigger immutable")
    owner.execute(
        "delete from log.events where stream_id = %s and version > %s", [kept.stream, version]
    )
    owner.execute("alter table log.events enable always trigger immutable")


def test_a_snapshot_ahead_of_a_restored_log_is_ignored(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    restore(owner, kept, 2)

    assert kept.found() == {}
    assert fetched(kept).version == 2
    assert warnings == []


def test_a_restored_log_that_has_grown_past_a_lost_snapshot_does_not_believe_it(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    """The version fits again, but another event stands there."""
    restore(owner, kept, 2)
    with open_pipeline(kept.url) as pipeline:
        for _ in range(3):
            assert pipeline.execute(note(uuid_of(kept.stream))).kind == "accepted"

    assert kept.found() == {}
    state = fetched(kept)
    assert (state.version, state.status) == (5, "confirmed")
    assert kept.state.status == "packed"


def test_a_state_that_is_not_in_the_log_is_not_kept(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    kept.log.keep_states({f"order-{uuid4()}": Order(version=500)}, 0)

    assert [version for version, _ in rows(owner)] == [3]


def test_a_state_that_is_too_large_or_does_not_survive_is_not_kept_and_the_others_are(
    kept: Kept, owner: psycopg.Connection[Any], warnings: list[Any]
) -> None:
    line = loaded(kept.log, "path-shop")
    owner.execute("delete from log.snapshots")
    small = Snapshots(kept.log.mapper.ring, kept.log.vault, max_characters=600)

    EventLog(kept.log.recorder, kept.log.vault, kept.log.mapper, small).keep_states(
        {kept.stream: kept.state, "path-shop": line}, 0
    )

    assert set(kept.log.load_states([kept.stream, "path-shop"])) == {"path-shop"}
    assert [(one["event"], one["stream_id"]) for one in warnings] == [
        ("snapshot_not_kept", kept.stream)
    ]


def test_a_key_that_is_new_is_stored_with_the_snapshot(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    before = owner.execute("select count(*) from log.keys").fetchone()
    other = open_log(kept.url)  # It knows no key of this person.
    other.keep_states({kept.stream: kept.state}, 0)
    key = other.mapper.ring.key_for("c-7")

    after = owner.execute("select count(*) from log.keys").fetchone()
    assert before is not None
    assert after == (before[0] + 1,)
    assert other.mapper.ring.new_keys() == []
    assert owner.execute("select key_id from log.snapshots").fetchone() == (key.key_id,)
    assert kept.found() == {kept.stream: kept.state}
    other.close()


def test_a_key_of_a_snapshot_that_was_not_written_is_sent_again(kept: Kept) -> None:
    other = open_log(kept.url)
    with connect(kept.url) as blocker, blocker.transaction():
        blocker.execute("lock table log.snapshots in exclusive mode")
        with pytest.raises(Exception, match="lock timeout"):
            other.keep_states({kept.stream: kept.state}, 0)
    assert [key.subject_id for key in other.mapper.ring.new_keys()] == ["c-7"]

    other.keep_states({kept.stream: kept.state}, 0)

    assert kept.found() == {kept.stream: kept.state}
    other.close()


def test_who_loads_a_snapshot_seals_with_its_key_from_then_on(kept: Kept) -> None:
    other = open_log(kept.url)
    other.load_states([kept.stream])

    key = other.mapper.ring.key_for("c-7")

    assert isinstance(key, SubjectKey)
    assert other.mapper.ring.new_keys() == []
    other.close()


def test_the_personal_data_of_a_state_cannot_be_found_in_the_table_s_bytes(
    kept: Kept, owner: psycopg.Connection[Any]
) -> None:
    assert MARK in shape_of("order").dump(kept.state)
    ((state,),) = owner.execute("select state from log.snapshots").fetchall()

    text = bytes(state).decode()
    assert text.startswith(PREFIX)
    for part in (MARK, kept.stream, "packed", "c-7"):
        assert part.encode() not in bytes(state) + b64decode(text.removeprefix(PREFIX))
    assert in_clear(owner) == []


def uuid_of(stream: str) -> Any:
    return stream.partition("-")[2]


def fetched(kept: Kept) -> Any:
    """Load the state as the pipeline does."""
    return StateCache(10).fetch(kept.log, [kept.stream], fresh=False)[kept.stream]
