"""What workers and relay hold is bounded in bytes, however large the orders are."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.orders import commands as c
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish
from tests.integration.streams.workers.following import await_head
from tests.support.examples import TEA, actor
from tests.support.programs import RunningProgram, programs
from tests.support.relays import wait_until_published

ORDERS = 400
LINES = 500  # of each order, the most that it may have: 166 KB in the log
MOST_MB = 300.0
RING = {"set": {"track_number": "T"}}

Start = Callable[..., RunningProgram]

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says what a process ever held"
)


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts programs of this shop."""
    with programs(environment) as starting:
        yield starting


def place_large_orders(world: World) -> list[UUID]:
    titles = random.Random(5)
    orders = [uuid4() for _ in range(ORDERS)]
    for order_id in orders:
        lines = tuple(
            TEA.model_copy(update={"item_id": f"i{n}", "title": titles.randbytes(100).hex()})
            for n in range(LINES)
        )
        told = {"command_id": uuid4(), "actor": actor(), "path": "shop", "currency": "EUR"}
        placed = world.pipeline.execute(c.PlaceOrder(**told, order_id=order_id, lines=lines))
        assert placed.kind == "accepted", placed
    return orders


def peak_mb(program: RunningProgram) -> float:
    """Give the most memory that a program ever held."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1_024 / 1e6


def test_neither_relay_nor_worker_holds_more_because_orders_are_large(
    world: World, topics: str, start: Start
) -> None:
    publish(world, {"rule": "noted", "on": [{"event": "order.note_added"}], "then": [RING]})

    orders = place_large_orders(world)
    follow(world, start)
    for order_id in orders:  # Relay and worker begin anew: they have to read what the orders were.
        world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Called"))
    follow(world, start)

    ((looked,),) = world.query("select count(*) from live.trigger_runs where result = 'fired'")
    assert looked == ORDERS


def follow(world: World, start: Start) -> None:
    """Let a relay and a worker take what is new, and weigh them."""
    relay = start("relay")
    wait_until_published(world.url, "log", "public")
    worker = start("worker")
    await_head(world, 300)
    assert peak_mb(relay) < MOST_MB
    assert peak_mb(worker) < MOST_MB
    relay.end()
    worker.end()
