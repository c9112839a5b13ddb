"""Relays that are killed at any moment, under load: nothing is missing, order is kept."""

from collections.abc import Callable
from random import Random
from time import monotonic
from uuid import UUID

import pytest

from tests.support.faults import Fault
from tests.support.loads import write_until_killed
from tests.support.processes import Writer, leaving, listen, listen_for
from tests.support.relays import (
    end_of,
    log_parts,
    open_shop_of_its_own,
    published,
    relay_until_killed,
    rows_of,
    wait_until_published,
    without_repeats,
)
from tests.support.waiting import wait_for


@pytest.fixture
def orders(database_url: str) -> list[UUID]:
    return open_shop_of_its_own(database_url, orders=30)


def leads(relay: Writer) -> Callable[[], bool]:
    return lambda: "leading" in relay.said


def test_a_relay_killed_again_and_again_under_load_leaves_nothing_out(
    database_url: str, orders: list[UUID], broker: str, rounds: int, fault: Fault
) -> None:
    random = Random(20)
    positions = [0]
    with leaving([Writer(write_until_killed, database_url, orders)]) as writers:
        writer = writers[0]
        for n in range(rounds):
            relay = Writer(relay_until_killed, database_url, broker)
            writers.append(relay)
            listen([relay, writer], leads(relay))
            if n % 2 == 0:  # the others may fall before they have published anything
                listen([relay, writer], lambda: published(database_url) > positions[-1])
            listen_for([relay, writer], random.uniform(0.1, 0.8))
            relay.kill()
            fault("relay killed")
            positions.append(published(database_url))
        writer.kill()
        writers.append(Writer(relay_until_killed, database_url, broker))
        wait_until_published(database_url)

    parts = log_parts(database_url, broker)
    assert without_repeats(parts) == rows_of(database_url)
    assert positions == sorted(positions)
    assert 0 < positions[-1] <= end_of(database_url)
    assert len(set(positions)) > rounds // 2  # They did work between the kills.


def test_when_the_leader_is_killed_the_other_relay_publishes_within_five_seconds(
    database_url: str, orders: list[UUID], broker: str, fault: Fault
) -> None:
    with leaving([]) as writers:
        leader = Writer(relay_until_killed, database_url, broker)
        writers.append(leader)
        listen([leader], leads(leader))
        other = Writer(relay_until_killed, database_url, broker)
        writers.append(other)
        listen([other], lambda: any("standing by" in line for line in other.said))
        wait_until_published(database_url)
        writer = Writer(write_until_killed, database_url, orders)
        writers.append(writer)
        listen([writer], lambda: len(writer.said) > 100)

        leader.kill()
        fault("relay killed")
        killed_at, position = monotonic(), published(database_url)
        wait_for(lambda: published(database_url) > position, seconds=5)
        assert monotonic() - killed_at < 5
        writer.kill()
        wait_until_published(database_url)

    assert without_repeats(log_parts(database_url, broker)) == rows_of(database_url)
