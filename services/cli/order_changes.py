"""`orderpath order set|add-item|change-item|cancel-item|snooze`: details of an order."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from services.cli.amounts import count_of, minor_of
from services.cli.options import OrderRef, Sending, time_of, unfolded
from services.cli.sending import execute, find_id, finish, send, show_order
from services.cli.session import desk as opened_desk

_CLEARED: Final = ""  # what an option says to take a detail away

Detail = Annotated[str | None, typer.Option(metavar="TEXT", help="An empty text clears it.")]
ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="As `order show` names it.")]
Pieces = Annotated[int | None, typer.Option(metavar="PIECES", min=1)]


@dataclass(frozen=True, slots=True)
class Details:
    """What may be changed of an order; an option that is not given leaves its detail alone."""

    name: Detail = None
    phone: Detail = None
    email: Detail = None
    address: Detail = None
    delivery_method: Detail = None
    promised_at: Detail = None
    track_number: Detail = None


_FIELDS: Final = {
    "name": "customer_name",
    "phone": "customer_phone",
    "email": "customer_email",
    "address": "delivery_address",
}


@unfolded
def set_details(order: OrderRef, *, details: Details, sending: Sending) -> None:
    """Change details of an order, as far as its path lets these roles."""
    from domain.orders.commands import ChangeFields

    body = {
        _FIELDS.get(name, name): None if text == _CLEARED else text
        for name, text in asdict(details).items()
        if text is not None
    }
    send(order, sending, ChangeFields, body)


@unfolded
def add_item(
    order: OrderRef,
    item: Annotated[str, typer.Argument(metavar="SKU:QUANTITY[:PRICE[:TITLE]]")],
    item_id: Annotated[str | None, typer.Option(metavar="ITEM", help="By default the SKU.")] = None,
    upsell: Annotated[bool, typer.Option("--upsell", help="We suggested it.")] = False,
    *,
    sending: Sending,
) -> None:
    """Add a position to an order. What it leaves out is its product's."""
    from domain.orders.commands import AddItem

    parts = item.split(":", 3)
    if len(parts) < 2 or not parts[0]:
        raise typer.BadParameter("write SKU:QUANTITY or SKU:QUANTITY:PRICE, as MUG:2:9.90")
    sku, quantity, *more = parts
    with opened_desk() as desk:
        order_id = find_id(desk, order)
        currency = show_order(desk, order_id)["currency"] or ""
        line = {
            "item_id": item_id or sku,
            "sku": sku,
            "quantity": count_of(quantity, "the quantity"),
            "upsell": upsell,
        }
        if more:
            line["unit_price_minor"] = minor_of(more[0], currency, "the price")
        if more[1:]:
            line["title"] = more[1]
        outcome = execute(desk, AddItem, sending, {"order_id": order_id, "line": line})
        finish(desk, order_id, outcome, sending)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is another one of a position from now on."""

    quantity: Pieces = None
    price: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Of one piece.")] = None
    discount: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Off the line.")] = None

    def body(self, currency: str) -> dict[str, Any]:
        """Give the fields of the command that are said."""
        money = {"unit_price_minor": self.price, "discount_minor": self.discount}
        body = {
            name: minor_of(text, currency, "the amount")
            for name, text in money.items()
            if text is not None
        }
        return body if self.quantity is None else body | {"quantity": self.quantity}


@unfolded
def change_item(order: OrderRef, item: ItemId, *, changes: Changes, sending: Sending) -> None:
    """Change quantity, price or discount of a position."""
    from domain.orders.commands import ChangeItem

    with opened_desk() as desk:
        order_id = find_id(desk, order)
        body = changes.body(show_order(desk, order_id)["currency"] or "")
        told = {"order_id": order_id, "item_id": item, **body}
        finish(desk, order_id, execute(desk, ChangeItem, sending, told), sending)


@unfolded
def cancel_item(
    order: OrderRef,
    item: ItemId,
    reason_code: Annotated[str, typer.Option(metavar="CODE", help="Why.")],
    quantity: Pieces = None,
    *,
    sending: Sending,
) -> None:
    """Take pieces of a position out of an order; without --quantity all that are not sent."""
    from domain.orders.commands import CancelItem

    body: dict[str, Any] = {"item_id": item, "reason_code": reason_code}
    send(order, sending, CancelItem, body if quantity is None else body | {"quantity": quantity})


@unfolded
def snooze(
    order: OrderRef,
    until: Annotated[
        datetime,
        typer.Option(parser=time_of, metavar="TIME", help="When the limit ends instead."),
    ],
    *,
    sending: Sending,
) -> None:
    """Put off the time limit of the status in which an order is. The reason is mandatory."""
    from domain.orders.commands import SnoozeDeadline

    send(order, sending, SnoozeDeadline, {"until": until})
