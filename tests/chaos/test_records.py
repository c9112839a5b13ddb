"""Records that come wrongly, or of events that cannot be applied, while orders come in."""

from dataclasses import replace
from itertools import cycle
from random import Random

import pytest
from pydantic_core import from_json, to_json

from domain.streaming import Message
from projections.catalog import BY_NAME
from tests.chaos.cluster import Cluster
from tests.chaos.load import trading
from tests.chaos.proof import assert_nothing_lost
from tests.integration.projections.world import World
from tests.integration.streams.workers.test_faults import spoil
from tests.integration.streams.workers.test_records import half, with_header
from tests.support.command_line import Here
from tests.support.faults import Fault
from tests.support.log_feed import open_feed
from tests.support.relays import published
from tests.support.waiting import wait_for

EVENTS = 3  # of each record that is spoilt


def holed(message: Message) -> Message:
    """Give a record whose middle is missing."""
    first, _, last = from_json(message.value or b"")
    return replace(message, value=to_json([first, last]))


def newer(message: Message) -> Message:
    """Give a record as a relay of a later version could write it."""
    return with_header(message, "format", b"2")


RUIN = {
    "record with a hole": holed,
    "truncated JSON": half,
    "record of a newer schema": newer,
}


@pytest.mark.only_chaos
def test_records_that_come_twice_and_out_of_order_change_nothing(
    cluster: Cluster, fault: Fault
) -> None:
    with trading(cluster.url) as load, open_feed(cluster.url, cluster.broker) as feed:
        load.goes_on(40)
        records = feed.records(events_a_record=3)
        Random(3).shuffle(records)
        feed.send([*records, *records])
        fault("log duplicated and reordered")
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def test_records_that_are_spoilt_or_lost_and_never_come_again_cost_nothing(
    cluster: Cluster, fault: Fault
) -> None:
    with trading(cluster.url) as load, open_feed(cluster.url, cluster.broker) as feed:
        cluster.relay.kill()
        load.goes_on(100)
        done, kinds = published(cluster.url), cycle(RUIN)
        for record in feed.records(EVENTS):
            if number_of(record, "last") <= done:
                continue
            if number_of(record, "events") < EVENTS:
                fault("record lost")
                continue
            fault(kind := next(kinds))
            feed.send([RUIN[kind](record)])
        feed.say_published()  # So the relay does not send them.
        cluster.start_relay()
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def number_of(message: Message, header: str) -> int:
    return int(dict(message.headers)[header])


def test_a_poisoned_order_is_parked_with_its_followers_the_rest_goes_on_and_a_retry_heals_it(
    cluster: Cluster, fault: Fault
) -> None:
    world, line = cluster.world, Here(cluster.environment)
    with trading(cluster.url) as load:
        cluster.relay.kill()
        order_id = world.place()
        whole = spoil(world, order_id, b'{"path": 7}')
        fault("poison event")
        cluster.start_relay()
        load.goes_on(20)
        wait_for(lambda: parked(world) == dict.fromkeys(BY_NAME, 1), "it is not parked")
        spoil(world, order_id, whole)
        world.move(order_id, "confirmed")
        wait_for(lambda: parked(world) == dict.fromkeys(BY_NAME, 2), "its follower is not parked")
        assert {one.stream_id for one in world.models.list_parked()} == {f"order-{order_id}"}
        assert line.run("projection", "retry").code == 0
        answered = load.end()

    assert_nothing_lost(cluster, answered)


def parked(world: World) -> dict[str, int]:
    """Say how many events each projection has left behind."""
    return {one.projection: one.waiting for one in world.models.list_parked()}
