"""Broker and database are killed, away and restarted, topics vanish, while orders come in."""

from threading import Event as Signal

import pytest

from domain.streaming import LOG, ORDER_EVENTS, ORDER_STATE
from infra.local_broker import start_local_broker, stop_local_broker
from tests.chaos.cluster import Cluster
from tests.chaos.load import trading
from tests.chaos.proof import assert_nothing_lost
from tests.support.broker import kill_broker
from tests.support.command_line import Here
from tests.support.faults import Fault
from tests.support.processes import restart_at_once
from tests.support.topics import drop_topics

AWAY_SECONDS = 3  # of the broker, for each round: a minute in chaos
PUBLIC = (ORDER_EVENTS, ORDER_STATE)


def test_a_broker_that_is_killed_and_started_again_loses_nothing(
    cluster: Cluster, fault: Fault
) -> None:
    with trading(cluster.url) as load:
        load.goes_on(40)
        kill_broker(cluster.folder)
        fault("broker killed")
        load.goes_on(40)  # Commands wait for no broker.
        assert start_local_broker(cluster.folder) == cluster.broker
        load.goes_on(40)
        answered = load.end()

    assert_nothing_lost(cluster, answered)


@pytest.mark.only_chaos
def test_a_broker_that_is_away_for_long_is_caught_up_with(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    with trading(cluster.url) as load:
        load.goes_on(10)
        waits = cluster.relay.count_lines("waits")
        stop_local_broker(cluster.folder)
        fault("broker away")
        Signal().wait(AWAY_SECONDS * rounds)  # The fault itself: so long it is away.
        cluster.relay.await_line("waits", waits + 1)
        load.goes_on(40)
        start_local_broker(cluster.folder)
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def test_a_database_that_crashes_loses_nothing_that_was_answered(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    with trading(cluster.url) as load:
        for _ in range(rounds):
            load.goes_on(40)
            restart_at_once(cluster.folder)
            fault("PostgreSQL crashed and restarted")
        load.goes_on(40)
        answered = load.end()

    assert_nothing_lost(cluster, answered)


@pytest.mark.only_chaos
def test_topics_that_are_deleted_are_made_again_and_told_anew(
    cluster: Cluster, fault: Fault
) -> None:
    line = Here(cluster.environment)
    with trading(cluster.url) as load:
        load.goes_on(40)
        made = cluster.relay.count_lines("anew, which were gone")
        drop_topics(cluster.broker, (LOG, *PUBLIC))
        fault("topics deleted")
        for lane in (1, 2):
            cluster.relay.await_line("anew, which were gone", made + lane)
        load.goes_on(40)
        cluster.relay.end()
        drop_topics(cluster.broker, PUBLIC)  # What they have begins in the middle of orders.
        assert line.run("relay", "begin-anew", "public").code == 0
        cluster.start_relay()
        answered = load.end()

    assert_nothing_lost(cluster, answered)
