"""What is said of the memory that a state takes is near what it really takes, whatever it holds."""

import gc
import tracemalloc
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from domain.messages import Event, Foreseen
from domain.orders import events as e
from domain.orders.held_bytes import EACH_BYTES, held_bytes
from domain.orders.money import Line
from domain.orders.order import Order
from tests.support.examples import EVENTS, NOW

MANY: Final = 100
ORDERS: Final = 3

PLACED = EVENTS["order.placed.v1"]
TOLD = EVENTS["order.status_recorded.v1"]
CHARGED = EVENTS["order.payment_charged.v1"]
assert isinstance(PLACED, e.OrderPlaced)
LINE: Final = PLACED.lines[0]
NAMES: Final = ("sku", "title", "seller")
LONG: Final = {
    *("external_id", "customer_id", "shop"),
    *("item_id", *NAMES, "supplier", "user", "group"),
    *("payment_id", "gateway_ref", "document_id", "number"),
    *("shipment_id", "carrier", "track_number", "carrier_ref"),
}
COLUMNS: Final = {f"column {n}" for n in range(MANY)}  # of a source


@dataclass
class Said:
    """What an order hears: an event, and whether it is a fact."""

    event: Event
    fact: bool = False


def changed(name: str, **fields: object) -> Event:
    return EVENTS[name].model_copy(update=fields)


def of_items(fact: bool) -> Iterator[Said]:
    for number in range(MANY):
        line = LINE.model_copy(update={"item_id": f"i{number}"})
        yield Said(changed("order.item_added.v1", line=line), fact)


def placed_with_items() -> Iterator[Said]:
    lines = tuple(LINE.model_copy(update={"item_id": f"i{n}"}) for n in range(MANY))
    yield Said(changed("order.placed.v1", lines=lines))


def lines_of_long_names() -> tuple[Line, ...]:
    """Give lines with the longest names there may be, of letters that take most."""
    return tuple(
        LINE.model_copy(
            update={name: f"{n} {name} 🫖".ljust(200, "x") for name in ("item_id", *NAMES)}
        )
        for n in range(MANY)
    )


def placed_with_long_names() -> Iterator[Said]:
    yield Said(changed("order.placed.v1", lines=lines_of_long_names()))


def placed_again_with_long_names() -> Iterator[Said]:
    for _ in range(3):
        yield Said(changed("order.placed.v1", lines=lines_of_long_names()), fact=True)


def placed_again_and_again() -> Iterator[Said]:
    lines = tuple(LINE.model_copy(update={"item_id": f"i{n}"}) for n in range(5))
    for _ in range(MANY):
        yield Said(changed("order.placed.v1", lines=lines), fact=True)


def placed_with_wide_rows() -> Iterator[Said]:
    for number in range(3):
        columns = {f"column {n}": f"{number}-{n} " * 100 for n in range(100)}
        yield Said(changed("order.placed.v1", attributes=columns), fact=True)


def pieces_moved() -> Iterator[Said]:
    line = LINE.model_copy(update={"item_id": "1"})
    yield Said(changed("order.item_added.v1", line=line), fact=True)
    for number in range(MANY):
        there = ("ordered", "assembled")
        way = there if number % 2 else there[::-1]
        yield Said(changed("order.item_status_changed.v1", from_status=way[0], to_status=way[1]))


def shipped() -> Iterator[Said]:
    for number in range(MANY):
        ident = f"s-{number}"
        yield Said(changed("order.shipment_created.v1", shipment_id=ident))
        yield Said(changed("order.shipment_moved.v1", shipment_id=ident, carrier_ref=ident))


def carried() -> Iterator[Said]:
    for number in range(MANY):
        yield Said(changed("order.shipment_moved.v1", carrier_ref=f"scan-{number}"))


def shipped_item_by_item() -> Iterator[Said]:
    for number in range(5):
        pieces = {f"i{n}": 1 for n in range(MANY)}
        yield Said(changed("order.shipment_created.v1", shipment_id=f"s-{number}", pieces=pieces))


def annulled() -> Iterator[Said]:
    for number in range(MANY):
        yield Said(CHARGED, fact=True)
        yield Said(changed("order.fact_annulled.v1", annulled_version=2 * number + 1))


def changed_for_many() -> Iterator[Said]:
    """Give guests told of one after the other, each with a contact and a wrong placement."""
    for number in range(MANY):
        yield Said(changed("order.placed.v1", customer_id=None, customer=None, lines=()), fact=True)
        yield Said(changed("order.fields_changed.v1", customer_phone=f"+49 30 {number}"))
        yield Said(changed("order.fact_annulled.v1", annulled_version=3 * number + 1))


def each(name: str, **fields: str) -> Callable[[], Iterator[Said]]:
    """Give an event many times, each with its number in the named fields."""

    def of() -> Iterator[Said]:
        for number in range(MANY):
            told = {field: text.format(number) for field, text in fields.items()}
            yield Said(changed(name, **told))

    return of


SHAPES: Final[dict[str, Callable[[], Iterator[Said]]]] = {
    "nothing beside its placement": lambda: iter([Said(PLACED)]),
    "many items": placed_with_items,
    "many items of long names": placed_with_long_names,
    "many told placements of long names": placed_again_with_long_names,
    "many items that were added": lambda: of_items(False),
    "many items that were told": lambda: of_items(True),
    "many told statuses": lambda: (Said(TOLD, fact=True) for _ in range(MANY)),
    "many moves": each("order.status_changed.v1"),
    "many told payments": lambda: (Said(CHARGED, fact=True) for _ in range(MANY)),
    "many payments": each("order.payment_charged.v1", payment_id="p-{}", gateway_ref="g-{}"),
    "many payments that were annulled": annulled,
    "many told placements": placed_again_and_again,
    "many columns of its source": placed_with_wide_rows,
    "many moves of the pieces of an item": pieces_moved,
    "many shipments": shipped,
    "many movements of a shipment": carried,
    "many items in each of its shipments": shipped_item_by_item,
    "many documents": each("order.document_issued.v1", document_id="d-{}", number="INV-{}"),
    "many kept goods": each("order.reservation_changed.v1", item_id="i{}", sku="SKU-{}"),
    "many guests whose placements were annulled": changed_for_many,
    "many holders": each("order.owner_assigned.v1", user="user-{}"),
}


def at_length(of: Callable[[], Iterator[Said]]) -> Callable[[], Iterator[Said]]:
    """Give the same with every id and name as long as may be, of letters that take most."""

    def longer(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return value.ljust(200, "🫖") if name in LONG or name in COLUMNS else value
        if isinstance(value, list):
            return [longer(one, name) for one in value]
        if isinstance(value, dict):
            if name == "pieces":
                return {longer(one, "item_id"): pieces for one, pieces in value.items()}
            return {key: longer(one, key) for key, one in value.items()}
        return value

    def told() -> Iterator[Said]:
        for one in of():
            fields = longer(one.event.model_dump(mode="json", exclude_none=True))
            yield Said(type(one.event).model_validate(fields), one.fact)

    return told


EVERY: Final = SHAPES | {f"{name}, at length": at_length(of) for name, of in SHAPES.items()}


@pytest.mark.parametrize("said", EVERY.values(), ids=EVERY.keys())
def test_an_order_takes_half_to_twice_of_the_memory_that_it_is_said_to_take(
    said: Callable[[], Iterator[Said]],
) -> None:
    build(said)  # What Python and pydantic keep for all orders is there now.
    gc.collect()
    tracemalloc.start()
    try:
        orders = [build(said) for _ in range(ORDERS)]
        gc.collect()
        really, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0.5 < sum(map(held_bytes, orders)) / really < 2


def test_everything_that_an_order_holds_many_of_is_counted() -> None:
    many = {name for name, held in vars(Order()).items() if isinstance(held, Collection)}

    walked = {"item_histories", "placements", "shipments"}
    assert many - {"path"} == EACH_BYTES.keys() | walked


def build(said: Callable[[], Iterator[Said]]) -> Order:
    """Give the order after these, each read from its bytes, as the log gives it."""
    order = Order()
    for version, one in enumerate(said(), start=1):
        event = type(one.event).model_validate_json(one.event.model_dump_json(exclude_none=True))
        at = NOW + timedelta(minutes=version)
        fact_id = UUID(int=version << 64) if one.fact else None
        order = order.evolve(Foreseen(event, version, at, fact_id))
    return order
