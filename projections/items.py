"""Read model `items`: the positions of each order, their pieces by status, and what all of them
cost. Folded by the domain's own evolve, so that money and pieces are what the aggregate says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, LiteralString

from domain.messages import Event, Recorded
from domain.orders import events as e
from domain.orders.items import Item, items_status
from domain.orders.money import Line, Totals
from domain.orders.order import Order
from projections.interface import Tx, as_json
from projections.item_tellings import TELLINGS_TABLE, store_tellings, with_tellings

SHAPING: Final = (e.OrderPlaced, e.ItemAdded, e.ItemChanged, e.ItemStatusChanged)
_ANNULLED: Final = (e.OrderPlaced.NAME, e.ItemAdded.NAME)  # the facts among them


class Items:
    """One row per position, and one per order with its money."""

    name: Final = "items"
    version: Final = 5
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
        create table order_totals (
            order_id          uuid primary key,
            currency          text,
            vat_included      boolean not null,
            placed_late       boolean, -- the placement that counts: a fact, and its place
            placed_at         timestamptz,
            placed_decided    integer,
            placed_no         integer,
            placed_fact_id    uuid,
            placed_discount_minor bigint, -- as placed, null: it was placed without money
            placed_delivery_minor bigint,
            placed_lines      jsonb, -- that a discount on the whole order was given for
            settled           boolean not null, -- by decisions alone: facts have no part in it
            items             integer not null,
            live_quantity     integer not null,
            items_status      text not null,
            goods_minor       bigint not null,
            discount_minor    bigint not null,
            delivery_minor    bigint not null,
            vat_minor         bigint not null,
            total_minor       bigint not null
        );
    """
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
        store_tellings(before, after, tx)


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
    told = {order_id for order_id, order in after.items() if order.placed or order.items}
    totals = [_totals_row(order_id, after[order_id]) for order_id in told]
    for statement, rows in (
        (_DELETE_ITEMS, gone),
        (_UPSERT_ITEMS, items),
        (_DELETE_TOTALS, [{"order_id": order_id} for order_id in before.keys() - told]),
        (_UPSERT_TOTALS, totals),
    ):
        if rows:
            tx.execute(statement, [as_json(rows)])


def _load(order_ids: Iterable[str], tx: Tx) -> dict[str, Order]:
    wanted = [list(order_ids)]
    items: dict[str, dict[str, Item]] = {}
    before: dict[tuple[str, str], Any] = {}
    for order_id, item_before, *row in tx.execute(_SELECT_ITEMS, wanted):
        item = _item(*row)
        items.setdefault(order_id, {})[item.line.item_id] = item
        before[order_id, item.line.item_id] = item_before
    orders = {}
    for order_id, *row in tx.execute(_SELECT_TOTALS, wanted):
        orders[order_id] = _order(items.get(order_id, {}), *row)
    return with_tellings(orders, before, tx)


def _item(
    line: dict[str, Any],
    pieces: dict[str, int],
    delivery_minor: int,
    currency: str | None,
    supplier: str | None,
    *key: Any,
) -> Item:
    return Item(Line.model_construct(**line), pieces, delivery_minor, currency, supplier, key)


def _order(items: dict[str, Item], *row: Any) -> Order:
    """Give as much of the aggregate as its items and money need."""
    currency, vat_included, late, *key, discount, delivery, lines, settled, totals = row
    money = Totals(**totals)
    placed = None
    if late is not None:
        stated = replace(money, discount_minor=discount, delivery_minor=delivery)
        known: dict[str, Any] = {"currency": currency, "vat_included": vat_included}
        known["lines"] = tuple([Line.model_construct(**line) for line in lines or ()])
        placed = e.OrderPlaced.model_construct(
            **known, customer=None, totals=None if discount is None else stated
        )
    return Order(
        placed=placed,
        placed_by=None if placed is None else (late, tuple(key)),
        items=items,
        totals=money if settled else None,
    )


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


def _totals_row(order_id: str, order: Order) -> dict[str, Any]:
    totals = order.money
    placed = order.placed
    stated = placed.totals if placed else None
    late, key = order.placed_by or (None, (None, None, None, None))
    return {
        "order_id": order_id,
        "currency": order.currency,
        "vat_included": placed.vat_included if placed else True,
        "placed_late": late,
        "placed_at": key[0],
        "placed_decided": key[1],
        "placed_no": key[2],
        "placed_fact_id": key[3],
        "placed_discount_minor": stated.discount_minor if stated else None,
        "placed_delivery_minor": stated.delivery_minor if stated else None,
        "placed_lines": placed.lines if placed and stated and stated.discount_minor else None,
        "settled": order.totals is not None,
        "items": len(order.items),
        "live_quantity": sum(item.live_quantity for item in order.items.values()),
        "items_status": order.items_status,
        "goods_minor": totals.goods_minor,
        "discount_minor": totals.discount_minor,
        "delivery_minor": totals.delivery_minor,
        "vat_minor": totals.vat_minor,
        "total_minor": totals.total_minor,
    }


_SELECT_ITEMS: Final = """
    select order_id::text, before, jsonb_build_object(
               'item_id', item_id, 'sku', sku, 'title', title, 'quantity', quantity,
               'unit_price_minor', unit_price_minor, 'discount_minor', discount_minor,
               'vat_bp', vat_bp, 'seller', seller, 'upsell', upsell),
           pieces, delivery_minor, currency, supplier, key_at, key_decided, key_no, key_fact_id
    from items where order_id = any(%s::uuid[]) order by order_id, item_id
"""

_SELECT_TOTALS: Final = """
    select order_id::text, currency, vat_included, placed_late, placed_at, placed_decided,
           placed_no, placed_fact_id, placed_discount_minor, placed_delivery_minor,
           placed_lines, settled, jsonb_build_object(
               'goods_minor', goods_minor, 'discount_minor', discount_minor,
               'delivery_minor', delivery_minor, 'vat_minor', vat_minor,
               'total_minor', total_minor)
    from order_totals where order_id = any(%s::uuid[])
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

_UPSERT_TOTALS: Final = """
    insert into order_totals
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, currency text, vat_included boolean, placed_late boolean,
        placed_at timestamptz, placed_decided integer, placed_no integer, placed_fact_id uuid,
        placed_discount_minor bigint, placed_delivery_minor bigint, placed_lines jsonb,
        settled boolean, items integer, live_quantity integer, items_status text,
        goods_minor bigint, discount_minor bigint, delivery_minor bigint, vat_minor bigint,
        total_minor bigint)
    on conflict (order_id) do update set
        currency = excluded.currency, vat_included = excluded.vat_included,
        placed_late = excluded.placed_late, placed_at = excluded.placed_at,
        placed_decided = excluded.placed_decided, placed_no = excluded.placed_no,
        placed_fact_id = excluded.placed_fact_id,
        placed_discount_minor = excluded.placed_discount_minor,
        placed_delivery_minor = excluded.placed_delivery_minor,
        placed_lines = excluded.placed_lines, settled = excluded.settled,
        items = excluded.items, live_quantity = excluded.live_quantity,
        items_status = excluded.items_status, goods_minor = excluded.goods_minor,
        discount_minor = excluded.discount_minor, delivery_minor = excluded.delivery_minor,
        vat_minor = excluded.vat_minor, total_minor = excluded.total_minor
"""

_DELETE_TOTALS: Final = """
    delete from order_totals t
    using json_to_recordset(%s::json) as x(order_id uuid)
    where t.order_id = x.order_id
"""
