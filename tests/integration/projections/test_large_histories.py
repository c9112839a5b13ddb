"""An order may be so large that there is no room to remember it: it is judged all the same, and who
judges hears that he is called away.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domain.messages import Recorded
from domain.orders.events import OrderPlaced
from domain.orders.held_bytes import held_bytes
from domain.orders.remembered import MOST_BYTES, RememberedOrders
from domain.reading import PAGE_EVENTS, Undecodable
from infra.event_log import EventLog
from services.projector import Projector
from tests.integration.projections.test_long_histories import (
    HI,
    NOTES,
    is_as_rebuilt,
    left,
    note,
    send_all,
)
from tests.integration.projections.world import World
from tests.integration.rules.ruling import fire, publish, runs
from tests.support.examples import EVENTS

TIMES: Final = 30  # that an order tells of all its lines
LINES: Final = 500
TWO_PAGES: Final = 2 * PAGE_EVENTS - 100  # events
MOST_READS: Final = 30  # by far more than are needed


def all_lines() -> OrderPlaced:
    """Give a placement with as many lines as there may be, of long texts."""
    placed = EVENTS["order.placed.v1"]
    assert isinstance(placed, OrderPlaced)
    names = ("item_id", "sku", "title", "seller")
    lines = (
        placed.lines[0].model_copy(
            update={name: f"{number} {name} \U0001fad6".ljust(200, "x") for name in names}
        )
        for number in range(LINES)
    )
    return placed.model_copy(update={"lines": tuple(lines)})


class Large(EventLog):
    """A log in which the first notes of all orders tell of all their lines instead."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log.recorder, log.vault, log.mapper, log.snapshots)
        self._told = all_lines()
        self.reads = 0

    def read_streams(
        self, versions: Mapping[str, tuple[int, int]], **how: Any
    ) -> list[Recorded | Undecodable]:
        self.reads += 1
        assert self.reads <= MOST_READS, "It reads the same for ever."
        return [self._larger(one) for one in super().read_streams(versions, **how)]

    def _larger(self, one: Recorded | Undecodable) -> Recorded | Undecodable:
        is_first = one.stream_id.startswith("order-") and 1 < one.version <= TIMES + 1
        if is_first and isinstance(one, Recorded):
            return replace(one, event=self._told, fact_id=one.command_id)
        return one


def with_two_pages(world: World) -> UUID:
    """Give an order of two pages of events."""
    order_id = world.place()
    send_all(world, [note(order_id, number) for number in range(TWO_PAGES)])
    return order_id


def test_an_order_larger_than_all_the_room_is_judged_though_another_one_comes_behind_it(
    world: World,
) -> None:
    second = with_two_pages(world)
    publish(world, HI | {"rule": "late", "delay": "2h"})
    first = with_two_pages(world)
    world.catch_up()
    world.now += timedelta(hours=3)
    assert fire(world) == 1
    world.send(note(second))
    log = Large(world.log)
    (order,) = RememberedOrders(log.read_streams).at({f"order-{first}": TWO_PAGES}).values()
    assert held_bytes(order) > MOST_BYTES

    Projector(world.lend, log).apply(left(world))

    assert world.follower().waiting() == 0
    assert runs(world, first)[-1] == ("late", "timer.fired", "fired")


def test_who_reads_two_pages_and_is_called_away_hears_it_and_goes_on_later(world: World) -> None:
    publish(world, NOTES)
    order_id = with_two_pages(world)
    world.catch_up()
    world.send(note(order_id))
    projector = world.projector()

    assert projector.apply(left(world), ends=lambda: True) == 0
    assert projector.apply(left(world), ends=lambda: True) == 1
    assert is_as_rebuilt(world)
