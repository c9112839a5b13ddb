"""The relay: everything arrives, in order per shard, whatever is away for a while."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from kafka import KafkaAdminClient
from structlog.testing import capture_logs

from domain.reading import Head
from domain.refusals import InfraError
from domain.streaming import LOG, Lane, Outgoing, Topic
from infra.embedded import start_embedded, stop_embedded
from infra.local_broker import start_local_broker, stop_local_broker
from infra.log_source import LogSource
from infra.migrate import migrate
from infra.postgres import connect
from services.log_lane import LogLane
from tests.support.broker import folder_of_own_broker
from tests.support.loads import note, open_pipeline, place
from tests.support.processes import restart_at_once
from tests.support.relays import (
    end_of,
    log_parts,
    open_shop_of_its_own,
    published,
    relaying,
    rows_of,
    state_of,
    wait_until_published,
    without_repeats,
)
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[Path]:
    """The folder of a broker that may be stopped."""
    assert broker  # Skipped by name where none starts.
    with folder_of_own_broker(tmp_path_factory) as folder:
        yield folder


@pytest.fixture
def own_broker(own_folder: Path) -> str:
    return start_local_broker(own_folder)


@pytest.fixture
def orders(database_url: str) -> list[UUID]:
    return open_shop_of_its_own(database_url, orders=30)


@dataclass
class StuckLane:
    """A lane whose part of the log cannot be read."""

    name: str = "stuck"
    topics: Sequence[Topic] = ()

    def begin(self, head: Head, position: int) -> None:
        """Do nothing."""

    def next(self) -> Outgoing | None:
        raise InfraError("newer_version", "an event that this version does not know")


class FaultyLane(StuckLane):
    """A lane with a fault of ours."""

    def next(self) -> Outgoing | None:
        raise KeyError("what nobody thought of")


def write(url: str, orders: list[UUID], notes: int = 100) -> None:
    with open_pipeline(url) as pipeline:
        for answer in [pipeline.submit(note(orders[n % len(orders)])) for n in range(notes)]:
            assert answer.result().kind == "accepted"


def test_every_event_of_the_log_comes_once_and_in_order(
    database_url: str, orders: list[UUID], broker: str
) -> None:
    write(database_url, orders)
    with relaying(database_url, broker) as running:
        wait_until_published(database_url)
        write(database_url, orders)
        wait_until_published(database_url)
        wait_for(lambda: running.has_told(f"log published up to position {end_of(database_url)}"))

    parts = log_parts(database_url, broker)
    reached: dict[int, int] = {}
    for span, rows in parts:
        assert span.prev == reached.get(span.shard, 0)
        assert (span.first, span.last) == (rows[0].position, rows[-1].position)
        reached[span.shard] = span.last
    assert without_repeats(parts) == rows_of(database_url)
    assert running.told[0] == "leading"
    assert running.error is None


def test_a_relay_goes_on_where_the_one_before_it_stopped(
    database_url: str, orders: list[UUID], broker: str
) -> None:
    for _ in range(2):
        with relaying(database_url, broker):
            wait_until_published(database_url)
        write(database_url, orders)
    with relaying(database_url, broker):
        wait_until_published(database_url)

    parts = log_parts(database_url, broker)
    assert sum(len(rows) for _, rows in parts) == end_of(database_url)
    assert without_repeats(parts) == rows_of(database_url)


def test_the_second_relay_stands_by_and_takes_over_when_the_first_ends(
    database_url: str, orders: list[UUID], broker: str
) -> None:
    with relaying(database_url, broker) as first:
        wait_for(lambda: first.has_told("leading"))
        with relaying(database_url, broker) as second:
            wait_for(lambda: second.has_told("standing by"))
            first.stop.set()
            wait_for(lambda: second.has_told("leading"), seconds=5)
            write(database_url, orders)
            wait_until_published(database_url)
    assert without_repeats(log_parts(database_url, broker)) == rows_of(database_url)


def test_a_broker_that_is_away_under_load_is_waited_for_and_everything_arrives(
    database_url: str, orders: list[UUID], own_folder: Path, own_broker: str
) -> None:
    with relaying(database_url, own_broker, patience_seconds=3) as running:
        wait_until_published(database_url)
        stop_local_broker(own_folder)
        write(database_url, orders)  # Commands are unaffected.
        wait_for(lambda: running.has_told("log waits"))
        before = published(database_url)
        write(database_url, orders)
        assert published(database_url) == before  # The lag can be seen.
        start_local_broker(own_folder)
        wait_until_published(database_url)
        wait_for(lambda: running.has_told("log goes on"))

    assert sum("log waits" in line for line in running.told) == 1
    assert without_repeats(log_parts(database_url, own_broker)) == rows_of(database_url)


def test_a_relay_that_starts_before_the_broker_waits_for_it(
    database_url: str, orders: list[UUID], own_folder: Path, own_broker: str
) -> None:
    stop_local_broker(own_folder)
    with relaying(database_url, own_broker) as running:
        wait_for(lambda: running.has_told("relay waits"))
        assert start_local_broker(own_folder) == own_broker
        wait_until_published(database_url)
    assert running.has_told("relay goes on")


def test_a_relay_ends_in_seconds_also_while_the_broker_is_away(
    database_url: str, orders: list[UUID], own_folder: Path, own_broker: str
) -> None:
    with relaying(database_url, own_broker, patience_seconds=600) as running:
        wait_until_published(database_url)
        stop_local_broker(own_folder)
        write(database_url, orders)
        wait_for(lambda: running.has_told(", 100 behind"))
        running.stop.set()
        wait_for(lambda: not state_of(database_url).leads, seconds=15)


def test_a_topic_that_is_deleted_is_made_again_and_the_relay_goes_on(
    database_url: str, orders: list[UUID], own_broker: str
) -> None:
    with relaying(database_url, own_broker, patience_seconds=3) as running:
        wait_until_published(database_url)
        before = end_of(database_url)
        with KafkaAdminClient(bootstrap_servers=[own_broker]) as admin:
            admin.delete_topics([LOG.name])
        write(database_url, orders)
        wait_until_published(database_url)

    assert running.has_told(f"made {LOG.name} anew")
    assert running.has_told("orderpath relay begin-anew log")
    later = {row.position: row for _, rows in log_parts(database_url, own_broker) for row in rows}
    assert sorted(later) == list(range(before + 1, end_of(database_url) + 1))


def test_a_topic_with_other_partitions_ends_the_relay_before_it_publishes(
    database_url: str, orders: list[UUID], own_broker: str
) -> None:
    with KafkaAdminClient(bootstrap_servers=[own_broker]) as admin:
        if LOG.name in admin.list_topics():
            admin.delete_topics([LOG.name])
            wait_for(lambda: LOG.name not in admin.list_topics())
        admin.create_topics({LOG.name: {"num_partitions": 3, "replication_factor": 1}})
        admin.wait_for_topics([LOG.name])
    try:
        with relaying(database_url, own_broker) as running:
            wait_for(lambda: running.error is not None)
    finally:
        with KafkaAdminClient(bootstrap_servers=[own_broker]) as admin:
            admin.delete_topics([LOG.name])
            wait_for(lambda: LOG.name not in admin.list_topics())
    assert running.error is not None
    assert running.error.code == "topic_mismatch"
    assert "has 3 partitions" in str(running.error)
    assert published(database_url) == 0


@pytest.mark.parametrize("lane", [StuckLane, FaultyLane])
def test_a_lane_that_waits_holds_up_no_other(
    database_url: str, orders: list[UUID], broker: str, lane: type[StuckLane]
) -> None:
    source = LogSource(database_url)
    try:
        lanes: list[Lane] = [lane(), LogLane(source)]
        with relaying(database_url, broker, lanes=lanes) as running:
            wait_for(lambda: running.has_told("stuck waits"))
            write(database_url, orders)
            wait_until_published(database_url)
            write(database_url, orders)
            wait_until_published(database_url)
    finally:
        source.close()
    assert published(database_url, "stuck") == 0
    assert sum("stuck waits" in line for line in running.told) == 1


def test_a_lane_with_a_fault_of_ours_says_where_it_is_and_nothing_of_what_it_read(
    database_url: str, broker: str
) -> None:
    with capture_logs() as said, relaying(database_url, broker, lanes=[FaultyLane()]) as running:
        wait_for(lambda: running.has_told("stuck waits"))

    (waits,) = [one for one in said if one["event"] == "relay_waits"]
    assert (waits["code"], waits["lane"]) == ("lane_failed", "stuck")
    assert re.search(r"KeyError in next, line \d+ of test_relay\.py", waits["message"])
    assert "what nobody thought of" not in waits["message"]


def test_a_database_that_crashes_is_waited_for_and_everything_arrives(
    tmp_path: Path, postgres_server: str, broker: str
) -> None:
    assert postgres_server  # Skipped by name where none starts.
    url = start_embedded(tmp_path)
    try:
        migrate(url)
        orders = open_shop_of_its_own(url, orders=10)
        with relaying(url, broker) as running:
            wait_until_published(url)
            restart_at_once(tmp_path)
            write(url, orders)
            wait_until_published(url)
            wait_for(lambda: running.has_told("goes on"))
        assert without_repeats(log_parts(url, broker)) == rows_of(url)
    finally:
        stop_embedded(tmp_path)


def test_a_relay_that_loses_its_session_leads_again_and_leaves_nothing_out(
    database_url: str, orders: list[UUID], broker: str
) -> None:
    with relaying(database_url, broker) as running:
        wait_until_published(database_url)
        with connect(database_url) as owner:
            owner.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and application_name like 'orderpath %'"
            )
        write(database_url, orders)
        wait_until_published(database_url)
        wait_for(lambda: running.has_told("goes on"))
    assert without_repeats(log_parts(database_url, broker)) == rows_of(database_url)


def test_a_restored_log_ends_the_relay_with_what_to_do(
    database_url: str, orders: list[UUID], broker: str
) -> None:
    with relaying(database_url, broker) as running:
        wait_until_published(database_url)
        before = published(database_url)
        with connect(database_url) as owner:
            owner.execute("select log.restored()")
        wait_for(lambda: running.error is not None)
        with open_pipeline(database_url) as pipeline:
            pipeline.execute(place())

    assert running.error is not None
    assert running.error.code == "log_replaced"
    assert "orderpath relay accept-log" in str(running.error)
    assert published(database_url) == before


def test_a_new_lane_belongs_to_the_log_that_it_began_with_before_its_first_record(
    database_url: str, broker: str
) -> None:
    with relaying(database_url, broker) as running:
        wait_for(lambda: state_of(database_url).lanes != ())
        with connect(database_url) as owner:
            owner.execute("select log.restored()")
        wait_for(lambda: running.error is not None)

    assert running.error is not None
    assert running.error.code == "log_replaced"
    assert published(database_url) == 0
