"""Orders that are remembered: as of a version, and as of a position that no version tells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from domain.messages import Recorded
from domain.orders import commands as c
from domain.orders.events import OrderPlaced, stream_of
from domain.orders.items import Item
from domain.orders.order import Order
from domain.orders.remembered import MOST_BYTES, RememberedOrders, held_bytes
from tests.support.examples import COMMANDS, EVENTS, ORDER_ID, actor
from tests.support.rules import watched_by

WHO = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
STREAM = stream_of(ORDER_ID)


class Shelf:
    """The events of an order, with how many were read."""

    def __init__(self) -> None:
        notes = [c.AddNote(**WHO, text=f"Note {number}") for number in range(5)]
        watched = watched_by().when(COMMANDS["order.place"], *notes)
        self.events = [one.happened for one in watched.log if one.happened.stream_id == STREAM]
        self.given = 0

    def read(self, versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded]:
        ((above, upto),) = versions.values()
        found = [one for one in self.events if above < one.version <= upto]
        self.given += len(found)
        return found

    def after(self, count: int) -> Order:
        order = Order()
        for one in self.events[:count]:
            order = order.evolve(one)
        return order


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("remembered", range(6))
def test_an_order_is_given_as_it_was_before_a_position_whatever_is_remembered(
    remembered: int, place: int
) -> None:
    shelf = Shelf()
    orders = RememberedOrders(shelf.read)
    if remembered:
        orders.keep({STREAM: shelf.after(remembered)})

    found = orders.before({STREAM: shelf.events[place].position})

    assert found == {STREAM: shelf.after(place)}


def test_large_orders_are_remembered_as_long_as_they_have_room_in_memory() -> None:
    placed = EVENTS["order.placed.v1"]
    assert isinstance(placed, OrderPlaced)
    items = {f"i{number}": Item(placed.lines[0], {"ordered": 1}) for number in range(500)}
    large = replace(Order(), version=3, items=items)
    room = MOST_BYTES // held_bytes(large)
    asked: list[str] = []

    def read(versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded]:
        asked.extend(versions)
        return ()

    orders = RememberedOrders(read)
    for number in [*range(room + 1), *range(1, room + 1)]:  # Each but the first twice.
        orders.keep({f"order-{number}": large})
    orders.at({f"order-{number}": 3 for number in range(room + 1)})

    assert asked == ["order-0"]
    assert 50 < room < 100


def test_of_an_order_that_is_remembered_only_what_came_since_is_read() -> None:
    shelf = Shelf()
    orders = RememberedOrders(shelf.read)
    orders.keep({STREAM: shelf.after(len(shelf.events) - 1)})

    orders.before({STREAM: shelf.events[-1].position + 1})

    assert shelf.given == 2  # the last one that was known, and the new one
