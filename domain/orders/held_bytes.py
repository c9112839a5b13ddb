"""How much memory the state of an order takes, for whoever remembers many of them."""

from collections.abc import Iterable, Mapping
from sys import getsizeof
from typing import Final

from domain.orders.events import OrderPlaced
from domain.orders.item_events import ItemStatusChanged
from domain.orders.item_history import ItemHistory
from domain.orders.items import Item
from domain.orders.money import Line
from domain.orders.order import Order
from domain.orders.shipments import Shipment

ORDER_BYTES: Final = 5_000  # in memory, as measured: of a state with its placement
ITEM_BYTES: Final = 1_500  # beside the texts of its line
EACH_BYTES: Final[Mapping[str, int]] = {  # of each of what it holds beside, without its texts
    "items": ITEM_BYTES,
    "goods": 250,
    "timeline": 190,
    "ledger": 90,
    "voided": 90,
    "documents": 150,
    "fields": 150,
    "contact": 150,
    "held": 70,
    "facts": 200,
    "correctable": 60,
    "annulled": 60,
    "numbers_had": 150,
    "subjects": 100,
}
TELLING_BYTES: Final = 1_100  # of each event in the history of an item
PLACEMENT_BYTES: Final = 4_000  # of each further one, and of each line in it
LINE_BYTES: Final = 800  # of each that is no item's any more, beside its texts
COLUMN_BYTES: Final = 150  # of each of the source, beside its text
DISCOUNT_BYTES: Final = 400  # of each in force
SHIPMENT_BYTES: Final = 500  # of each, and of each movement; what is in it has its texts
MOVEMENT_BYTES: Final = 300
CHANGE_BYTES: Final = 150  # of each of the contact, beside its text


def held_bytes(order: Order) -> int:
    """Say about how much memory a state takes: by how many of each thing it holds, and by the texts
    of these, as events may bring long ones by the hundred.
    """
    held = order.__dict__
    counted = ORDER_BYTES
    for name, each in EACH_BYTES.items():
        counted += each * len(held[name])
    for item in order.items.values():
        counted += _line_bytes(item.line)
        if item.supplier is not None:
            counted += getsizeof(item.supplier)
    if order.placed is not None:
        counted += _placed_bytes(order.placed, order.items)
    for further in order.placements:
        if further.event is not order.placed:
            counted += PLACEMENT_BYTES + _placed_bytes(further.event, order.items)
    for item_id, history in order.item_histories.items():
        counted += _history_bytes(history, order.items.get(item_id))
    for shipment in order.shipments.values():
        counted += _shipment_bytes(shipment)
    for entries in (order.ledger, order.voided):
        for entry in entries:
            counted += _texts_bytes((entry.payment_id, entry.gateway_ref, entry.method))
    return counted + _rest_bytes(order)


def _rest_bytes(order: Order) -> int:
    """Count the texts of what most orders have little of."""
    counted = 0
    for item_id, kept in order.goods.items():
        counted += _texts_bytes((item_id, kept.sku, *kept.parts))
    for document in order.documents.values():
        counted += _texts_bytes((document.document_id, document.number))
    for holder in order.held:
        counted += _texts_bytes((holder.user, holder.group))
    if order.fields:
        counted += _texts_bytes(order.fields.values())
    for changes in order.contact.values():
        counted += sum(CHANGE_BYTES + getsizeof(change.value) for change in changes)
    if order.numbers_had:
        counted += _texts_bytes({number for _, number in order.numbers_had})
    return counted


def _placed_bytes(placed: OrderPlaced, items: Mapping[str, Item]) -> int:
    """Count what came with a placement beside the lines that items have."""
    counted = getsizeof(placed.external_id) + getsizeof(placed.customer_id)
    counted += getsizeof(placed.personal) + getsizeof(placed.shop)
    for line in placed.lines:
        item = items.get(line.item_id)
        if item is None or item.line is not line:
            counted += LINE_BYTES + _line_bytes(line)
    if placed.attributes is not None:
        counted += COLUMN_BYTES * len(placed.attributes)
        counted += _texts_bytes(placed.attributes.values())
    if placed.discounts is not None:
        counted += DISCOUNT_BYTES * len(placed.discounts)
        counted += _texts_bytes([one.item_id for one in placed.discounts])
    return counted


def _history_bytes(history: ItemHistory, item: Item | None) -> int:
    """Count the events of a history, and the lines that are the item's no more."""
    counted = TELLING_BYTES * len(history.since)
    if history.before is not None:
        counted += LINE_BYTES + _line_bytes(history.before.line)
    for telling in history.since:
        event = telling.event
        if isinstance(event, ItemStatusChanged):
            counted += _texts_bytes((event.item_id, event.supplier, event.shipment_id))
        elif item is None or item.line is not event.line:
            counted += _line_bytes(event.line)
    return counted


def _line_bytes(line: Line) -> int:
    return (
        getsizeof(line.item_id)
        + getsizeof(line.sku)
        + getsizeof(line.title)
        + getsizeof(line.seller)
    )


def _shipment_bytes(one: Shipment) -> int:
    texts = (one.shipment_id, one.carrier, one.track_number, *one.pieces)
    references = [reference for reference, _ in one.told]
    counted = SHIPMENT_BYTES + MOVEMENT_BYTES * len(one.timeline)
    return counted + _texts_bytes(texts) + _texts_bytes(references)


def _texts_bytes(texts: Iterable[object]) -> int:
    return sum(map(getsizeof, texts))
