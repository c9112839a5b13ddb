"""Positions and leadership: they go with one session, and belong to one log."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime

import psycopg
import pytest

from domain.refusals import InfraError
from infra.postgres import connect
from infra.relay_store import PostgresRelayStore
from tests.support.loads import open_shop
from tests.support.relays import end_of, published, state_of
from tests.support.waiting import wait_for


@pytest.fixture
def url(database_url: str) -> str:
    open_shop(database_url, orders=9)
    return database_url


@pytest.fixture
def owner(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with connect(url) as session:
        yield session


def code_of(told: "pytest.ExceptionInfo[InfraError]") -> str:
    return told.value.code


def test_one_leads_and_the_next_one_can_once_it_has_ended(url: str) -> None:
    first, second = PostgresRelayStore(url), PostgresRelayStore(url)

    with first.lead() as first_leads:
        with second.lead() as second_leads:
            assert (first_leads, second_leads) == (True, False)
        assert state_of(url).leads
    assert not state_of(url).leads
    with second.lead() as leads:
        assert leads


def test_a_leader_that_asks_nothing_for_ten_seconds_leads_no_longer(url: str) -> None:
    frozen = PostgresRelayStore(url)

    with frozen.lead() as leads:
        assert leads
        wait_for(lambda: not state_of(url).leads, seconds=20)
        with PostgresRelayStore(url).lead() as other_leads:
            assert other_leads
            with pytest.raises(InfraError) as told:
                frozen.move("log", 1)
    assert code_of(told) == "database_unavailable"


def test_a_lane_without_a_row_is_at_0_and_gets_one_with_its_first_move(url: str) -> None:
    store = PostgresRelayStore(url)

    with store.lead():
        assert store.positions() == {}
        store.move("log", 4)
        store.move("public", 2)
        assert store.positions() == {"log": 4, "public": 2}


def test_a_position_saved_twice_stays_and_never_goes_back(url: str) -> None:
    store = PostgresRelayStore(url)

    with store.lead():
        for position in (4, 4, 3):
            store.move("log", position)
        assert store.positions() == {"log": 4}


def test_a_lane_has_moved_when_its_position_rose_last(url: str) -> None:
    store = PostgresRelayStore(url)

    def moved_at(position: int) -> datetime:
        store.move("log", position)
        return state_of(url).lanes[0].moved_at

    with store.lead():
        first, *waiting, next_ = [moved_at(position) for position in (4, 4, 3, 5)]
    assert waiting == [first, first]
    assert first < next_


def test_who_stands_by_cannot_save(url: str) -> None:
    leader, other = PostgresRelayStore(url), PostgresRelayStore(url)

    with leader.lead(), other.lead(), pytest.raises(InfraError) as told:
        other.move("log", 4)
    assert (code_of(told), published(url)) == ("not_leading", 0)


def test_who_has_lost_the_session_cannot_save_while_another_one_leads(
    url: str, owner: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    lost, other = PostgresRelayStore(url), PostgresRelayStore(url)

    with ExitStack() as leading:
        leading.enter_context(lost.lead())
        owner.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and application_name = 'orderpath relay leader'"
        )
        with other.lead() as leads:
            assert leads
            other.move("log", 3)
            for _ in range(2):
                with pytest.raises(InfraError) as told:
                    lost.move("log", 7)
                assert code_of(told) in ("database_unavailable", "not_leading")
    assert published(url) == 3


@pytest.mark.parametrize(
    "change",
    [
        "select log.restored()",
        "update log.head set log_id = gen_random_uuid()",
        "update ops.relay set position = 1000000",  # The log was set back.
    ],
)
def test_another_log_or_epoch_ends_the_relay_with_what_to_do(
    change: str, url: str, owner: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    store = PostgresRelayStore(url)
    with store.lead():
        store.move("log", 3)
        owner.execute(change)

        with pytest.raises(InfraError, match="orderpath relay accept-log") as told:
            store.positions()
        assert code_of(told) == "log_replaced"


def test_a_move_in_another_epoch_is_not_saved(
    url: str, owner: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    store = PostgresRelayStore(url)
    with store.lead():
        store.move("log", 3)
        owner.execute("select log.restored()")

        with pytest.raises(InfraError) as told:
            store.move("log", 4)
    assert (code_of(told), published(url)) == ("log_replaced", 3)


@pytest.mark.parametrize(
    ("change", "position"),
    [
        ("select log.restored()", 3),
        ("update log.head set log_id = gen_random_uuid()", 0),
        ("select log.restored(); update ops.relay set position = 1000000", None),  # its end
    ],
)
def test_a_restored_log_is_gone_on_with_behind_what_it_had_published(
    change: str, position: int | None, url: str, owner: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    store = PostgresRelayStore(url)
    with store.lead():
        store.move("log", 3)
    owner.execute(change)

    with store.alone():
        store.accept_log()

    with store.lead():
        assert store.positions() == {"log": end_of(url) if position is None else position}


def test_a_lane_begins_anew_in_the_log_as_it_is_and_the_others_stay(url: str) -> None:
    store = PostgresRelayStore(url)
    with store.lead():
        store.move("log", 3)
        store.move("public", 4)

    with store.alone():
        store.begin_anew("public")
        store.begin_anew("nobody")

    with store.lead():
        assert store.positions() == {"log": 3, "public": 0}


def test_what_a_relay_goes_on_from_is_not_changed_while_one_leads(url: str) -> None:
    with (
        PostgresRelayStore(url).lead(),
        pytest.raises(InfraError) as told,
        PostgresRelayStore(url).alone(),
    ):
        pytest.fail("A relay leads.")
    assert code_of(told) == "relay_leads"
