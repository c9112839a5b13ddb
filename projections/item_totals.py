"""A part of read model `items`: what all items of an order cost, and what that depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, LiteralString

from domain.orders import events as e
from domain.orders.items import Item
from domain.orders.money import Line, Totals
from domain.orders.order import Order
from projections.interface import Tx, write

TOTALS_TABLE: Final[LiteralString] = """
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
        settled           boolean not null, -- by decisions alone: facts have no part in it
        items             integer not null,
        live_quantity     integer not null,
        items_status      text not null,
        goods_minor       bigint not null,
        discount_minor    bigint not null,
        delivery_minor    bigint not null,
        vat_minor         bigint not null,
        total_minor       bigint not null,
        placed_nets       jsonb -- item -> net_minor, that the whole order's discount was given for
    );
"""


def load_orders(
    order_ids: Sequence[str], items: Mapping[str, Mapping[str, Item]], tx: Tx
) -> dict[str, Order]:
    """Give as much of each aggregate as its items and money need; items: by order and id."""
    return {
        order_id: _order(items.get(order_id, {}), *row)
        for order_id, *row in tx.execute(_SELECT, [list(order_ids)])
    }


def store_totals(before: Mapping[str, Order], after: Mapping[str, Order], tx: Tx) -> None:
    """Bring the table from one state of the orders to another.

    What the lines cost as placed goes with the placement only: it may be long, and never changes.
    """
    told = {order_id: order for order_id, order in after.items() if order.placed or order.items}
    nets = [
        {"order_id": order_id, "placed_nets": new}
        for order_id, order in told.items()
        if order.placed is not (placed := before.get(order_id, Order()).placed)
        and (new := _nets(order.placed)) != _nets(placed)
    ]
    write(tx, _DELETE, [{"order_id": order_id} for order_id in before.keys() - told.keys()])
    write(tx, _UPSERT, [_row(order_id, order) for order_id, order in told.items()])
    write(tx, _UPDATE_NETS, nets)


def _nets(placed: e.OrderPlaced | None) -> dict[str, int] | None:
    """Give what each line cost, of an order that something was taken off as a whole."""
    if placed is None or placed.totals is None or not placed.totals.discount_minor:
        return None
    return {line.item_id: line.net_minor for line in placed.lines}


def _order(items: Mapping[str, Item], *row: Any) -> Order:
    currency, vat_included, late, *key, discount, delivery, settled, nets, totals = row
    money = Totals(**totals)
    placed = None
    if late is not None:
        stated = replace(money, discount_minor=discount, delivery_minor=delivery)
        known: dict[str, Any] = {"currency": currency, "vat_included": vat_included}
        known["lines"] = tuple([_line(*one) for one in (nets or {}).items()])
        placed = e.OrderPlaced.model_construct(
            **known, customer=None, totals=None if discount is None else stated
        )
    return Order(
        placed=placed,
        placed_by=None if placed is None else (late, tuple(key)),
        items=items,
        totals=money if settled else None,
    )


def _line(item_id: str, net_minor: int) -> Line:
    """Give as much of a line as the discount on the whole order needs: what it cost."""
    known: dict[str, Any] = {"quantity": 1, "unit_price_minor": net_minor, "discount_minor": 0}
    return Line.model_construct(**{"item_id": item_id} | known)


def _row(order_id: str, order: Order) -> dict[str, Any]:
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


_SELECT: Final = """
    select order_id::text, currency, vat_included, placed_late, placed_at, placed_decided,
           placed_no, placed_fact_id, placed_discount_minor, placed_delivery_minor, settled,
           placed_nets, jsonb_build_object(
               'goods_minor', goods_minor, 'discount_minor', discount_minor,
               'delivery_minor', delivery_minor, 'vat_minor', vat_minor,
               'total_minor', total_minor)
    from order_totals where order_id = any(%s::uuid[])
"""

_UPSERT: Final = """
    insert into order_totals
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, currency text, vat_included boolean, placed_late boolean,
        placed_at timestamptz, placed_decided integer, placed_no integer, placed_fact_id uuid,
        placed_discount_minor bigint, placed_delivery_minor bigint,
        settled boolean, items integer, live_quantity integer, items_status text,
        goods_minor bigint, discount_minor bigint, delivery_minor bigint, vat_minor bigint,
        total_minor bigint)
    on conflict (order_id) do update set
        currency = excluded.currency, vat_included = excluded.vat_included,
        placed_late = excluded.placed_late, placed_at = excluded.placed_at,
        placed_decided = excluded.placed_decided, placed_no = excluded.placed_no,
        placed_fact_id = excluded.placed_fact_id,
        placed_discount_minor = excluded.placed_discount_minor,
        placed_delivery_minor = excluded.placed_delivery_minor, settled = excluded.settled,
        items = excluded.items, live_quantity = excluded.live_quantity,
        items_status = excluded.items_status, goods_minor = excluded.goods_minor,
        discount_minor = excluded.discount_minor, delivery_minor = excluded.delivery_minor,
        vat_minor = excluded.vat_minor, total_minor = excluded.total_minor
"""

_UPDATE_NETS: Final = """
    update order_totals t set placed_nets = x.placed_nets
    from json_to_recordset(%s::json) as x(order_id uuid, placed_nets jsonb)
    where t.order_id = x.order_id
"""

_DELETE: Final = """
    delete from order_totals t
    using json_to_recordset(%s::json) as x(order_id uuid)
    where t.order_id = x.order_id
"""
