"""Clock, rules and outbox are killed at random while orders come in: everything is done once."""

from pathlib import Path
from random import Random

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.hands import HURRIED, PAUSE_SECONDS, in_a_hurry, kill_at_random
from tests.chaos.ledger import assert_everything_once
from tests.chaos.load import trading
from tests.chaos.proof import assert_each_command_once, assert_nothing_lost
from tests.integration.projections.world import open_world
from tests.integration.streams.workers.following import assert_equal
from tests.support.faults import Fault

HANDS = ("clock", "act", "send")


def test_clock_rules_and_outbox_killed_at_random_pass_every_deadline_and_do_every_effect_once(
    database_url: str, tmp_path: Path, rounds: int, fault: Fault
) -> None:
    environment = {"ORDERPATH_DATABASE_URL": database_url, "ORDERPATH_DATA_DIR": str(tmp_path)}
    with open_world(database_url) as world, in_a_hurry(world, environment, fault) as hands:
        hands.begin_with("follow", *HANDS)
        with trading(database_url, PAUSE_SECONDS, **HURRIED) as load:
            kill_at_random(hands, load, Random(8), rounds)
            answered = load.end()
        hands.settle()

        assert_everything_once(hands)
        assert_each_command_once(database_url, answered)
        assert_equal(world)


@pytest.mark.only_chaos
def test_clock_rules_and_outbox_killed_at_random_in_a_cluster_do_everything_once_too(
    cluster: Cluster, rounds: int, fault: Fault
) -> None:
    random = Random(9)

    def kill_worker() -> None:
        victim = random.randrange(len(cluster.workers))
        cluster.workers[victim].kill()
        fault("worker killed")
        cluster.workers[victim] = cluster.start_worker()

    with in_a_hurry(cluster.world, cluster.environment, fault) as hands:
        hands.begin_with(*HANDS)
        with trading(cluster.url, PAUSE_SECONDS, **HURRIED) as load:
            kill_at_random(hands, load, random, rounds, kill_worker)
            answered = load.end()
        hands.settle()

        assert_everything_once(hands)
    assert_nothing_lost(cluster, answered)
