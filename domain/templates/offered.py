"""What templates may speak of, in the words of the shop's customers: docs/messages.md.

Every value is a text, a number or nothing; amounts and times are written out for people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.orders.amounts import written_amount
from domain.orders.order import Order
from domain.orders.shipments import sent
from domain.paths.path import OrderPath
from domain.stock.stock import Stock

Offered = str | dict[str, Any] | list[Any]  # an example of a value, a record, a list of them

OFFERED: Final[dict[str, Offered]] = {
    "order": {
        "id": "5b2f0c9e-6b1c-4a8e-9a55-0d4a1c1f3a10",
        "number": "A-17",  # in its source; where it has none, its id
        "shop": "main",
        "status": "On its way",  # as customers are told
        "total": "33.00 EUR",
        "paid": "10.00 EUR",
        "to_pay": "23.00 EUR",
        "payment_link": "https://shop.example/pay/A-17",
        "placed_date": "2026-03-01",
        "promised_date": "2026-03-04",
        "promised_time": "15:00",
        "delivery_method": "courier",
        "delivery_address": "1 Main Street",
        "track_number": "RR123",
        "items": [{"title": "Green tea", "sku": "TEA-100", "quantity": "3", "price": "5.50 EUR"}],
        "shipments_sent": "1",  # how many of them have left
        "shipments": [{"carrier": "DHL", "track_number": "RR123", "status": "in_transit"}],
        "documents": [{"kind": "invoice", "number": "INV-17", "status": "issued"}],
    },
    "customer": {"name": "Anna Ivanova"},
    "stock": {"sku": "TEA-100", "location": "main", "available": "4", "threshold": "5"},
}
LOOP: Final[Offered] = {"first": "True", "last": "False", "index": "1"}
SAMPLE: Final[Mapping[str, Any]] = OFFERED


@dataclass(frozen=True, slots=True)
class Setting:
    """What messages of a shop need besides: where it is, how one pays there."""

    language: str = "en"
    zone: str = "UTC"
    payment_link: str = ""  # with {order_id} and {number}; empty: there is none


def of_order(
    order_id: UUID, order: Order, path: OrderPath | None, setting: Setting
) -> Mapping[str, Any]:
    """Give the variables `order`; what is not known is None."""
    placed = order.placed
    number = order.external_id or str(order_id)
    return {
        "id": str(order_id),
        "number": number,
        "shop": placed.shop if placed else None,
        "status": _status(order, path, setting.language),
        **_money(order),
        "payment_link": _payment_link(setting, order_id, number) or None,
        "placed_date": _date(order.placed_by[1][0] if order.placed_by else None, setting),
        "promised_date": _date(order.field_value("promised_at"), setting),
        "promised_time": _time(order.field_value("promised_at"), setting),
        **{name: order.field_value(name) for name in _DETAILS},
        "items": [*_items(order)],
        "shipments_sent": str(len(sent(order.shipments)) or "") or None,
        "shipments": [
            {"carrier": one.carrier, "track_number": one.track_number, "status": one.status}
            for one in order.shipments.values()
        ],
        "documents": [
            {"kind": one.kind, "number": one.number, "status": one.status}
            for one in order.documents.values()
        ],
    }


_DETAILS: Final = ("delivery_method", "delivery_address", "track_number")


def _payment_link(setting: Setting, order_id: UUID, number: str) -> str:
    """Fill in the address; a number may be any text, in an address it is one value."""
    link = setting.payment_link.replace("{order_id}", str(order_id))
    return link.replace("{number}", quote(number, safe=""))


def of_stock(sku: str, location: str, stock: Stock) -> Mapping[str, Any]:
    """Give the variables `stock`."""
    level = stock.level
    threshold = None if level.threshold is None else str(level.threshold)
    said = {"available": str(level.available), "threshold": threshold}
    return {"sku": sku, "location": location, **said}


def _status(order: Order, path: OrderPath | None, language: str) -> str | None:
    known = path.statuses.get(order.status or "") if path else None
    if known is None:
        return order.status
    named = known.public_label.get(language) or known.title.get(language)
    return named or known.public_label.get("en") or known.title.get("en") or order.status


def _money(order: Order) -> Mapping[str, str | None]:
    currency, total, paid = order.currency, order.money.total_minor, order.balance.paid_minor
    if currency is None:
        return dict.fromkeys(("total", "paid", "to_pay"))
    amounts = {"total": total, "paid": paid, "to_pay": max(order.owed_minor, 0)}
    return {name: written_amount(minor, currency) for name, minor in amounts.items()}


def _items(order: Order) -> Iterable[Mapping[str, str | None]]:
    for item in order.items.values():
        line, currency = item.line, item.currency or order.currency
        if item.live_quantity:
            yield {
                "title": line.title or line.sku,
                "sku": line.sku,
                "quantity": str(item.live_quantity),
                "price": written_amount(line.unit_price_minor, currency) if currency else None,
            }


def _date(at: object, setting: Setting) -> str | None:
    return local(at, setting).date().isoformat() if isinstance(at, datetime) else None


def _time(at: object, setting: Setting) -> str | None:
    return f"{local(at, setting):%H:%M}" if isinstance(at, datetime) else None


def local(at: datetime, setting: Setting) -> datetime:
    """Give a moment as the clock on the wall of the zone shows it. Where the calendar ends before,
    as some say "never" by its last moment, it stays in UTC.
    """
    try:
        return at.astimezone(ZoneInfo(setting.zone))
    except OverflowError:
        return at.astimezone(UTC)
