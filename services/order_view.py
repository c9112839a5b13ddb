"""An order's state as readers see it, and what differs between two such views.

The keys are stable (docs/reports.md): the CLI and the API show them as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, get_args

from domain.orders.documents import Document
from domain.orders.items import Item
from domain.orders.ledger import Kind, balance
from domain.orders.order import Order
from domain.orders.parts import Kept
from domain.orders.shipments import Shipment
from domain.orders.timeline import Entry
from domain.paths.path import OrderPath

View = dict[str, Any]

# item id -> item, item id -> where its pieces are, payment id -> sums, `JPY.payment id` -> sums in
# another currency, shipment id -> shipment, document id -> document
_KEYED: Final = ("items", "goods", "payments", "other_payments", "shipments", "documents")
_PARTS: Final = ("customer", "delivery", "owner", "totals")
# Counters and copies of what stands elsewhere in the view are no changes of their own.
_SILENT: Final = frozenset(
    {
        "version",
        "last_occurred_at",
        "statuses",
        "stage",
        "final",
        "paid_minor",
        "to_refund_minor",
        "discounts",
        "calls",
    }
)
_NOTHING: Final = (None, False, 0, "none", "not_paid")  # before the first value there was this


def view_of(order: Order, order_id: object, path: OrderPath | None = None) -> View:
    """Give the whole state.

    path: the order's own, for stage and final; None leaves them null.
    """
    status = path.statuses.get(order.status or "") if path else None
    placed = order.placed
    return {
        "order_id": str(order_id),
        "external_id": order.external_id,
        "version": order.version,
        "path": order.path or None,
        "path_version": order.path_version or None,
        "status": order.status,
        "stage": status.stage if status else None,
        "final": status.final if status else None,
        "placed_at": order.placed_by[1][0] if order.placed_by else None,
        "last_occurred_at": order.last_occurred_at,
        "order_type": placed.order_type if placed else None,
        "channel": placed.channel if placed else None,
        "shop": placed.shop if placed else None,
        "test": order.test,
        "owner": {"user": order.owner_user, "group": order.owner_group},
        "customer": {
            "customer_id": order.customer_id,
            **{n: order.field_value(f"customer_{n}") for n in ("name", "phone", "email")},
        },
        "delivery": {
            "method": order.field_value("delivery_method"),
            "address": order.field_value("delivery_address"),
            "promised_at": order.field_value("promised_at"),
            "track_number": order.field_value("track_number"),
        },
        "currency": order.currency,
        "totals": _totals(order),
        "discounts": [one.model_dump() for one in placed.discounts or ()] if placed else [],
        "items": {item_id: _item(item) for item_id, item in order.items.items()},
        "items_status": order.items_status,
        "goods": {item_id: _kept(kept) for item_id, kept in order.goods.items()},
        "payments": dict(_payments(order)),
        "other_payments": dict(_payments(order, counting=False)),
        "paid_minor": order.balance.paid_minor,
        "granted_minor": order.balance.granted_minor,
        "to_refund_minor": order.balance.to_refund_minor,
        "payment_status": order.payment_status,
        "refund_status": order.refund_status,
        "calls": order.calls,
        "approval": _approval(order),
        "paused": _paused(order),
        "shipments": {name: _shipment(one) for name, one in order.shipments.items()},
        "documents": {name: _document(one) for name, one in order.documents.items()},
        "statuses": [_entry(entry) for entry in order.timeline],
    }


def difference(before: View, after: View) -> list[tuple[str, Any, Any]]:
    """List what differs as (field, before, after); an item or payment that is new, as a whole."""
    found: list[tuple[str, Any, Any]] = []
    for key in after:
        if key in _SILENT:
            continue
        if key in _KEYED:
            found += _members(key, before[key], after[key])
        elif key in _PARTS:
            found += _fields(key, before[key], after[key])
        elif _differ(before[key], after[key]):
            found.append((key, before[key], after[key]))
    return found


def _members(
    key: str, before: Mapping[str, View], after: Mapping[str, View]
) -> Iterator[tuple[str, Any, Any]]:
    for member in dict.fromkeys((*before, *after)):
        name = f"{key}.{member}"
        if member in before and member in after:
            yield from _fields(name, before[member], after[member])
        else:
            yield name, before.get(member), after.get(member)


def _fields(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for field in dict.fromkeys((*before, *after)):
        if _differ(before.get(field), after.get(field)):
            yield f"{name}.{field}", before.get(field), after.get(field)


def _differ(before: Any, after: Any) -> bool:
    return bool(before != after) and not (before in _NOTHING and after in _NOTHING)


def _totals(order: Order) -> View:
    """The breakdown; of an imported order, what its items add up to."""
    if not order.exists:
        return dict.fromkeys(_AMOUNTS, 0)
    money = order.money
    return {name: getattr(money, name) for name in _AMOUNTS}


_AMOUNTS: Final = ("goods_minor", "discount_minor", "delivery_minor", "vat_minor", "total_minor")


def _item(item: Item) -> View:
    return {
        **item.line.model_dump(exclude={"item_id"}),
        "delivery_minor": item.delivery_minor,
        "currency": item.currency,
        "supplier": item.supplier,
        "pieces": dict(item.pieces),
    }


def _kept(kept: Kept) -> View:
    return {
        "sku": kept.sku,
        "kept": dict(kept.parts),
        "committed": kept.committed,
        "missing": kept.missing,
    }


def _approval(order: Order) -> View | None:
    """The agreement in force: to the order as it is now, an earlier one is void."""
    given = order.approval
    if given is None or given.version != order.version:
        return None
    return {"to_status": given.to_status, "approved_by": given.approved_by}


def _paused(order: Order) -> View | None:
    """The limit that goes on when the order comes back, in seconds of its own clock."""
    paused = order.limit.paused
    if paused is None:
        return None
    left = {one.level: one.seconds for one in paused.left}
    return {"status": paused.status, "left_seconds": left}


def _shipment(shipment: Shipment) -> View:
    return {
        "carrier": shipment.carrier,
        "track_number": shipment.track_number,
        "status": shipment.status,
        "pieces": dict(shipment.pieces),
    }


def _document(document: Document) -> View:
    said = asdict(document)
    del said["document_id"]
    return said


def _payments(order: Order, *, counting: bool = True) -> Iterator[tuple[str, View]]:
    """The payments in the order's currency, or those in others, which do not count."""
    for currency, payment_id in dict.fromkeys(
        (one.currency, one.payment_id) for one in order.ledger if one.payment_id is not None
    ):
        if (currency == order.currency) is counting:
            name = payment_id if counting else f"{currency}.{payment_id}"
            sums = balance(order.ledger, currency, payment_id)
            yield name, {f"{kind}_minor": getattr(sums, f"{kind}_minor") for kind in get_args(Kind)}


def _entry(entry: Entry) -> View:
    return {"status": entry.status, "entered_at": entry.key[0], "version": entry.version}
