"""Read model `items`: the positions of each order, their pieces by status, and what all of them
cost. Folded by the domain's own evolve, so that money and pieces are what the aggregate says.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.orders.items import Item, items_status
from domain.orders.money import Line
from domain.orders.order import Order
from projections.interface import Tx, write
from projections.item_tellings import TELLINGS_TABLE, store_tellings, with_tellings
from projections.item_totals import TOTALS_TABLE, load_orders, store_totals

SHAPING: Final = (e.OrderPlaced, e.ItemAdded, e.ItemChanged, e.ItemStatusChanged)
_ANNULLED: Final = (e.OrderPlaced.NAME, e.ItemAdded.NAME)  # the facts among them


class Items:
    """One row per position, and one per order with its money."""

    name: Final = "items"
    version: Final = 6
    tables: Final = ("items", "order_totals", "tellings")
    ddl: Final[LiteralString] = (
        """
        create table items (
            order_id          uuid not null,
            item_id           text not null,
            sku               text not null,
            title             text not null,
            quantity          integer not null,
            unit_price_minor  bigint not null,
            discount_minor    bigint not null,
            vat_bp            integer not null,
            seller            text,
            upsell            boolean not null,
            delivery_minor    bigint not null,
            currency          text, -- of its prices, null: the order's
            pieces            jsonb not null, -- item status -> pieces, never zero
            item_status       text not null,
            supplier          text, -- who was asked for pieces of it last
            live_quantity     integer not null,
            net_minor         bigint not null,
            key_at            timestamptz not null, -- place of the event that shaped it last
            key_decided       integer not null,
            key_no            integer not null,
            key_fact_id       uuid not null,
            before            jsonb, -- the item before the first fact about it that is in tellings
            primary key (order_id, item_id)
        );
    """
        + TOTALS_TABLE
        + TELLINGS_TABLE
    )

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load the touched orders, evolve them, store them."""
        shaping = [recorded for recorded in batch if _shapes(recorded.event)]
        if not shaping:
            return
        before = _load({recorded.entity_id for recorded in shaping}, tx)
        after = dict(before)
        for recorded in shaping:
            order = after.get(recorded.entity_id, Order())
            after[recorded.entity_id] = order.evolve(recorded)
        _store(before, after, tx)


def _shapes(event: Event) -> bool:
    if isinstance(event, e.FactAnnulled):
        return event.annulled_type in _ANNULLED
    return isinstance(event, SHAPING)


def _store(before: Mapping[str, Order], after: Mapping[str, Order], tx: Tx) -> None:
    """Write what there is of each order, and delete what annulled facts had told of alone."""
    gone = [
        {"order_id": order_id, "item_id": item_id}
        for order_id, order in before.items()
        for item_id in order.items.keys() - after[order_id].items.keys()
    ]
    items = [row for order_id, order in after.items() for row in _item_rows(order_id, order)]
    write(tx, _DELETE_ITEMS, gone)
    write(tx, _UPSERT_ITEMS, items)
    store_totals(before, after, tx)
    store_tellings(before, after, tx)


def _load(order_ids: Iterable[str], tx: Tx) -> dict[str, Order]:
    wanted = list(order_ids)
    items: dict[str, dict[str, Item]] = {}
    before: dict[tuple[str, str], Any] = {}
    for order_id, item_before, *row in tx.execute(_SELECT_ITEMS, [wanted]):
        item = _item(*row)
        items.setdefault(order_id, {})[item.line.item_id] = item
        before[order_id, item.line.item_id] = item_before
    return with_tellings(load_orders(wanted, items, tx), before, tx)


def _item(
    line: dict[str, Any],
    pieces: dict[str, int],
    delivery_minor: int,
    currency: str | None,
    supplier: str | None,
    *key: Any,
) -> Item:
    return Item(Line.model_construct(**line), pieces, delivery_minor, currency, supplier, key)


def _item_rows(order_id: str, order: Order) -> Iterable[dict[str, Any]]:
    for item in order.items.values():
        line = item.line
        at, decided, number, fact_id = item.key
        history = order.item_histories.get(line.item_id)
        yield {
            "order_id": order_id,
            "item_id": line.item_id,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price_minor": line.unit_price_minor,
            "discount_minor": line.discount_minor,
            "vat_bp": line.vat_bp,
            "seller": line.seller,
            "upsell": line.upsell,
            "delivery_minor": item.delivery_minor,
            "currency": item.currency,
            "pieces": item.pieces,
            "item_status": items_status([item]),
            "supplier": item.supplier,
            "live_quantity": item.live_quantity,
            "net_minor": item.net_minor,
            "key_at": at,
            "key_decided": decided,
            "key_no": number,
            "key_fact_id": fact_id,
            "before": history and history.before,
        }


_SELECT_ITEMS: Final = """
    select order_id::text, before, jsonb_build_object(
               'item_id', item_id, 'sku', sku, 'title', title, 'quantity', quantity,
               'unit_price_minor', unit_price_minor, 'discount_minor', discount_minor,
               'vat_bp', vat_bp, 'seller', seller, 'upsell', upsell),
           pieces, delivery_minor, currency, supplier, key_at, key_decided, key_no, key_fact_id
    from items where order_id = any(%s::uuid[]) order by order_id, item_id
"""

_UPSERT_ITEMS: Final = """
    insert into items
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, item_id text, sku text, title text, quantity integer,
        unit_price_minor bigint, discount_minor bigint, vat_bp integer, seller text,
        upsell boolean, delivery_minor bigint, currency text, pieces jsonb, item_status text,
        supplier text, live_quantity integer, net_minor bigint, key_at timestamptz,
        key_decided integer, key_no integer, key_fact_id uuid, before jsonb)
    on conflict (order_id, item_id) do update set
        sku = excluded.sku, title = excluded.title, quantity = excluded.quantity,
        unit_price_minor = excluded.unit_price_minor, discount_minor = excluded.discount_minor,
        vat_bp = excluded.vat_bp, seller = excluded.seller, upsell = excluded.upsell,
        delivery_minor = excluded.delivery_minor, currency = excluded.currency,
        pieces = excluded.pieces,
        item_status = excluded.item_status, supplier = excluded.supplier,
        live_quantity = excluded.live_quantity,
        net_minor = excluded.net_minor, key_at = excluded.key_at,
        key_decided = excluded.key_decided, key_no = excluded.key_no,
        key_fact_id = excluded.key_fact_id, before = excluded.before
"""

_DELETE_ITEMS: Final = """
    delete from items i
    using json_to_recordset(%s::json) as x(order_id uuid, item_id text)
    where i.order_id = x.order_id and i.item_id = x.item_id
"""
