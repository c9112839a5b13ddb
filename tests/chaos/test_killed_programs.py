"""Relay and workers are killed, frozen, joined and left, while orders come in."""

from random import Random

import pytest

from tests.chaos.cluster import LEADING, READY, Cluster
from tests.chaos.load import trading
from tests.chaos.proof import assert_nothing_lost
from tests.support.faults import Fault
from tests.support.relays import end_session_of_leader

BETWEEN = (5, 40)  # commands that are answered between two faults, at random
ALL = "worker ready, 16 of 16 shards"
STANDING_BY = "standing by"
HURRIED_SECONDS = 0.02  # of a caller between two commands: the relay has a batch in hand


def test_a_worker_that_is_killed_again_and_again_loses_nothing(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    random = Random(1)
    with trading(cluster.url) as load:
        for _ in range(rounds):
            victim = random.randrange(len(cluster.workers))
            load.goes_on(random.randint(*BETWEEN))
            cluster.workers[victim].kill()
            fault("worker killed")
            cluster.workers[victim] = cluster.start_worker()
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def test_a_relay_that_is_killed_again_and_again_loses_nothing(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    random = Random(2)
    with trading(cluster.url) as load:
        for _ in range(rounds):
            load.goes_on(random.randint(*BETWEEN))
            cluster.relay.kill()
            fault("relay killed")
            cluster.start_relay()
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def test_a_relay_that_is_frozen_and_replaced_leaves_no_old_state_when_it_wakes(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    random, stands_by = Random(4), cluster.start("relay")
    stands_by.await_line(STANDING_BY)
    with trading(cluster.url, HURRIED_SECONDS) as load:
        for _ in range(rounds):
            load.goes_on(random.randint(*BETWEEN))
            frozen, before = cluster.relay, stands_by.count_lines(LEADING)
            frozen.freeze()
            end_session_of_leader(cluster.url)
            fault("relay frozen and replaced")
            stands_by.await_line(LEADING, before + 1)
            load.goes_on(BETWEEN[1])
            before = frozen.count_lines(STANDING_BY)
            frozen.wake()
            frozen.await_line(STANDING_BY, before + 1)
            cluster.relay, stands_by = stands_by, frozen
        answered = load.end()
    stands_by.end()

    assert_nothing_lost(cluster, answered)


@pytest.mark.only_chaos
def test_workers_that_join_and_leave_lose_nothing(cluster: Cluster, fault: Fault) -> None:
    with trading(cluster.url) as load:
        third = cluster.start_worker()
        fault("worker joined")
        load.goes_on(BETWEEN[1])
        fourth = cluster.start_worker()
        fault("worker joined")
        load.goes_on(BETWEEN[1])
        for one in (third, fourth):
            assert one.end() < 5
            fault("worker left")
            load.goes_on(BETWEEN[0])
        answered = load.end()

    assert_nothing_lost(cluster, answered)


@pytest.mark.only_chaos
def test_a_worker_that_is_frozen_past_its_session_and_woken_does_no_harm(
    cluster: Cluster, fault: Fault
) -> None:
    frozen, other = cluster.workers
    with trading(cluster.url) as load:
        load.goes_on(BETWEEN[0])
        before = other.count_lines(ALL)
        frozen.freeze()
        fault("worker frozen")
        other.await_line(ALL, before + 1)  # Its session is over.
        load.goes_on(BETWEEN[1])
        again = frozen.count_lines(READY)
        frozen.wake()
        frozen.await_line(READY, again + 1)
        answered = load.end()

    assert_nothing_lost(cluster, answered)
