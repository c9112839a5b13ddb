"""Orders that are remembered: as of a version, and as of a position that no version tells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest

from domain.messages import Recorded
from domain.orders import commands as c
from domain.orders.events import OrderPlaced, stream_of
from domain.orders.held_bytes import ITEM_BYTES, held_bytes
from domain.orders.items import Item
from domain.orders.order import Order
from domain.orders.remembered import MOST_BYTES, RememberedOrders
from domain.reading import PAGE_BYTES, Reading, Undecodable, read_whole
from tests.support.examples import COMMANDS, EVENTS, ORDER_ID, actor
from tests.support.memory_log import unreadable
from tests.support.rules import watched_by

WHO = {"command_id": UUID(int=1), "actor": actor(), "order_id": ORDER_ID}
STREAM = stream_of(ORDER_ID)
OTHER = stream_of(UUID(int=7))

Parts = Mapping[str, tuple[int, int]]


class Shelf:
    """The events of an order, with how many were read."""

    def __init__(self) -> None:
        notes = [c.AddNote(**WHO, text=f"Note {number}") for number in range(5)]
        watched = watched_by().when(COMMANDS["order.place"], *notes)
        self.events = [one.happened for one in watched.log if one.happened.stream_id == STREAM]
        self.spoiled: set[int] = set()  # versions
        self.given = 0

    def read(self, versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded | Undecodable]:
        ((above, upto),) = versions.values()
        found = [
            unreadable(one) if one.version in self.spoiled else one
            for one in self.events
            if above < one.version <= upto
        ]
        self.given += len(found)
        return found

    def after(self, count: int) -> Order:
        order = Order()
        for one in self.events[:count]:
            order = order.evolve(one)
        return order


class Heavy(Shelf):
    """Two orders with the same events, of which two have room at a time."""

    def read(self, versions: Parts) -> Sequence[Recorded | Undecodable]:
        found = [
            replace(one, stream_id=stream)
            for stream, (above, upto) in versions.items()
            for one in self.events[above:upto]
        ]
        assert len(found) <= 2
        self.given += len(found)
        return found

    def cut(self, parts: Parts, most_bytes: int) -> Parts:
        assert most_bytes == PAGE_BYTES
        room, fitting = 2, {}
        for stream, (above, upto) in parts.items():
            there = min(upto, len(self.events)) - above
            taken = min(there, room)
            room -= taken
            if taken == there:
                fitting[stream] = (above, upto)
            elif taken:
                fitting[stream] = (above, above + taken)
        return fitting


def test_an_order_is_given_as_it_was_whatever_is_remembered_and_however_long_a_page_is() -> None:
    shelf = Shelf()
    places = range(len(shelf.events))
    for remembered, held, place, page in product(places, places, places, (1, 2, 3, 500)):
        orders = RememberedOrders(shelf.read, page=page)
        orders.keep({STREAM: shelf.after(remembered)} if remembered else {})
        orders.hold({STREAM: shelf.after(held)})

        assert orders.before({STREAM: shelf.events[place].position}) == {STREAM: shelf.after(place)}
        assert orders.at({STREAM: place}) == {STREAM: shelf.after(place)}


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_an_order_stays_where_an_event_cannot_be_read_however_long_a_page_is(page: int) -> None:
    shelf = Shelf()
    shelf.spoiled.add(4)
    orders = RememberedOrders(shelf.read, page=page)

    assert orders.at({STREAM: 6}) == {STREAM: shelf.after(3)}
    assert orders.torn == {STREAM}
    assert orders.before({STREAM: shelf.events[2].position}) == {STREAM: shelf.after(2)}
    assert orders.torn == set()
    assert orders.before({STREAM: shelf.events[5].position}) == {STREAM: shelf.after(3)}
    assert orders.torn == {STREAM}


@pytest.mark.parametrize(("page", "gone"), [*product((2, 3, 500), (2, 3, 4, 5))])
def test_an_order_stays_where_a_row_is_gone_also_the_last_one_of_a_page(
    page: int, gone: int
) -> None:
    shelf = Shelf()
    before, last = shelf.after(gone - 1), shelf.events[-1].position
    shelf.events = [one for one in shelf.events if one.version != gone]
    orders = RememberedOrders(shelf.read, page=page)

    assert orders.before({STREAM: last}) == {STREAM: before}
    assert orders.torn == {STREAM}


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_orders_are_given_as_they_were_however_few_of_their_events_have_room(page: int) -> None:
    shelf = Heavy()
    places = range(len(shelf.events))
    for remembered, first, second in product(places, places, places):
        orders = RememberedOrders(shelf.read, page=page, cut=shelf.cut)
        orders.keep({STREAM: shelf.after(remembered)} if remembered else {})
        asked = {STREAM: first, OTHER: second}
        told = {stream: shelf.after(place) for stream, place in asked.items()}

        positions = {stream: shelf.events[place].position for stream, place in asked.items()}
        assert orders.before(positions) == told
        assert orders.at(asked) == told


def test_whoever_begins_to_read_many_orders_anew_goes_on_where_he_was() -> None:
    shelf = Heavy()
    orders = RememberedOrders(shelf.read, cut=shelf.cut)
    asked = dict.fromkeys((STREAM, OTHER), len(shelf.events))

    for _ in shelf.events:
        next(orders.read_at(asked), None)  # Each ends behind what has room.

    shelf.given = 0
    assert orders.at(asked) == dict.fromkeys(asked, shelf.after(len(shelf.events)))
    assert shelf.given <= 2


@pytest.mark.parametrize("of_version", [True, False])
def test_whoever_begins_to_read_anew_goes_on_where_he_was(of_version: bool) -> None:
    shelf = Shelf()
    orders = RememberedOrders(shelf.read, page=1)
    last = shelf.events[-1]

    def reading() -> Reading[dict[str, Order]]:
        if of_version:
            return orders.read_at({STREAM: last.version - 1})
        return orders.read_before({STREAM: last.position})

    for _ in shelf.events:
        next(reading(), None)  # Each ends behind one page.

    shelf.given = 0
    assert read_whole(reading()) == {STREAM: shelf.after(last.version - 1)}
    assert shelf.given <= 2


def test_what_may_be_set_back_is_not_read_again_until_it_is_settled() -> None:
    shelf = Shelf()
    orders = RememberedOrders(shelf.read)
    orders.hold(orders.at({STREAM: 3}))
    orders.keep({STREAM: shelf.after(5)})
    shelf.given = 0

    assert orders.at({STREAM: 3}) == {STREAM: shelf.after(3)}
    assert shelf.given == 0

    orders.settle()
    assert orders.at({STREAM: 3}) == {STREAM: shelf.after(3)}
    assert shelf.given == 3


def test_what_may_be_set_back_has_half_of_the_room_and_the_first_one_any() -> None:
    placed = EVENTS["order.placed.v1"]
    assert isinstance(placed, OrderPlaced)

    def of_bytes(size: int) -> Order:
        items = {f"i{number}": Item(placed.lines[0], {}) for number in range(size // ITEM_BYTES)}
        return replace(Order(), version=3, items=items)

    asked: list[str] = []

    def read(versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded]:
        asked.extend(versions)
        return ()

    orders = RememberedOrders(read)
    orders.hold({f"order-{number}": of_bytes(MOST_BYTES // 10) for number in range(8)})
    orders.at({f"order-{number}": 3 for number in range(8)})
    assert asked == [f"order-{number}" for number in range(4, 8)]

    asked.clear()
    for name in ("order-huge", "order-large"):  # The one gives way to the other.
        orders.hold({name: of_bytes(2 * MOST_BYTES)})
        orders.at({name: 3})
    assert asked == []


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
