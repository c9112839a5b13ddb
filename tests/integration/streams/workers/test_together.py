"""The real relay, two workers and a command line that reads: what a shop on a cluster runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.projections.world import World, a_day
from tests.integration.streams.workers.following import Start, assert_equal
from tests.support.command_line import Processes

HALF = "worker ready, 8 of 16 shards"


@contextmanager
def relaying(environment: dict[str, str]) -> Iterator[None]:
    """Let a relay run until the block ends."""
    relay = Processes(environment).start("relay")
    try:
        yield
    finally:
        relay.terminate()
        relay.communicate(timeout=60)


def test_a_read_sees_what_was_sent_before_it_through_relay_and_workers(
    world: World, environment: dict[str, str], start: Start
) -> None:
    shop = Processes(environment)
    with relaying(environment):
        for worker in (start(), start()):
            worker.await_line(HALF)
        placed = a_day(world)
        read = shop.run("report", "funnel", "--json")

    assert (read.json["reached"]["new"], read.err) == (len(placed), "")
    assert_equal(world)
    assert shop.run("status", "--json").json["driver"] == "workers"
