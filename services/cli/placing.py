"""`orderpath order place`: a new order, from options or from a file of JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.amounts import count_of, minor_of
from services.cli.errors import USAGE, CommandFailed
from services.cli.files import given_file
from services.cli.options import Sending, said, unfolded, uuid_of
from services.cli.output import say
from services.cli.sending import execute, finish
from services.cli.session import desk as opened_desk

LONGEST_SHOWN: Final = 80  # characters of a text that is told back
_HEAD: Final = (
    "path", "currency", "shop", "channel", "order_type", "external_id", "enquiry_id", "test",
    "check_prices",
)  # fmt: skip
_ENVELOPE: Final = ("command_id", "actor", "correlation_id", "causation_id", "order_id")


@dataclass(frozen=True, slots=True)
class Paid:
    """How an order is paid from the start."""

    paid_with: Annotated[
        str | None, typer.Option(metavar="METHOD", help="How all of it is paid: card, cod, …")
    ] = None
    charged: Annotated[bool, typer.Option("--charged", help="The money is in already.")] = False
    gateway_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="The gateway's id of the charge.")
    ] = None

    def __post_init__(self) -> None:
        if self.paid_with is None and (self.charged or self.gateway_ref):
            raise typer.BadParameter("say how it is paid: give --paid-with METHOD")
        if self.gateway_ref and not self.charged:
            raise typer.BadParameter("--gateway-ref is of the charge: give --charged too")

    @property
    def payment(self) -> dict[str, Any]:
        if self.paid_with is None:
            return {}
        ref = said(gateway_ref=self.gateway_ref)
        return {"payment": {"method": self.paid_with, "charged": self.charged, **ref}}


@dataclass(frozen=True, slots=True)
class OrderHead(Paid):
    """What an order is, where, whose, and how it is paid."""

    currency: Annotated[str | None, typer.Option(metavar="CODE", help="ISO 4217, such as EUR.")] = (
        None
    )
    path: Annotated[str | None, typer.Option(metavar="PATH", help="By default universal.")] = None
    shop: Annotated[str | None, typer.Option(metavar="NAME")] = None
    channel: Annotated[str | None, typer.Option(metavar="CODE", help="web, phone, …")] = None
    order_type: Annotated[str | None, typer.Option(metavar="CODE", help="private, …")] = None
    external_id: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="The order's number in its source.")
    ] = None
    test: Annotated[bool, typer.Option("--test", help="Keep it out of the reports.")] = False
    customer_id: Annotated[str | None, typer.Option(metavar="ID")] = None
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The customer's name.")] = None
    phone: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    email: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    enquiry_id: Annotated[
        UUID | None,
        typer.Option(
            "--enquiry", parser=uuid_of, metavar="UUID", help="The enquiry that becomes this order."
        ),
    ] = None
    address: Annotated[str | None, typer.Option(metavar="TEXT", help="Where to deliver.")] = None
    delivery: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the delivery costs.")
    ] = None
    delivery_method: Annotated[
        str | None, typer.Option(metavar="CODE", help="How; what it costs is its own price.")
    ] = None
    discount: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Off the whole order.")] = (
        None
    )
    check_prices: Annotated[
        bool, typer.Option("--check-prices", help="Compare all prices with the products'.")
    ] = False


@unfolded
def place(
    item: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SKU:QUANTITY[:PRICE[:TITLE]]",
            help="A line; repeatable. Without a price it is its product's.",
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The whole order as JSON, `-` for standard input."),
    ] = None,
    order_id: Annotated[
        UUID | None, typer.Option(parser=uuid_of, metavar="UUID", help="By default a new one.")
    ] = None,
    *,
    head: OrderHead,
    sending: Sending,
) -> None:
    """Place an order."""
    from domain.orders.commands import PlaceOrder
    from services.questions.reports import StatusPlaces

    body = _from_file(file) if file else {}
    body |= _from_options(head, item or [], body.get("currency")) | head.payment
    if not body.get("lines"):
        raise typer.BadParameter("an order has lines: give --item SKU:QUANTITY[:PRICE], or --file")
    chosen = order_id or _id_of(body, sending)
    with opened_desk() as desk:
        outcome = execute(desk, PlaceOrder, sending, {**body, "order_id": chosen})
        if any(unmet.code == "path_unknown" for unmet in outcome.unmet):
            paths = {one["path"] for one in desk.ask(StatusPlaces())}
            say(f"Published paths: {', '.join(sorted(paths))}.")
        finish(desk, chosen, outcome, sending)


def _id_of(body: Mapping[str, Any], sending: Sending) -> UUID:
    """What makes creation idempotent: the order's outside number, else the command's id."""
    from domain.orders.identity import order_id_of

    number = body.get("external_id")
    if number:
        return order_id_of(str(body.get("shop") or "main"), str(number))
    return sending.new_id("order")


def _from_file(argument: str) -> dict[str, Any]:
    file = given_file(argument)
    try:
        body = json.loads(file.text, object_pairs_hook=_each_key_once)
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        words = f"{file.name} holds half a character, as \\ud800 is one: write the whole"
        raise CommandFailed(words, USAGE) from None
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, ValueError) else "it is nested too deeply"
        raise CommandFailed(f"{file.name} is no JSON: {why}", USAGE) from None
    if not isinstance(body, dict):
        raise CommandFailed(f"{file.name} holds no JSON object with the fields of an order", USAGE)
    for key in _ENVELOPE:
        if key in body:
            words = f"{file.name}: {key} is an option here, take it out of the file"
            raise CommandFailed(words, USAGE)
    return body


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what JSON leaves open: which of two values with one name counts."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:LONGEST_SHOWN]!r} stands twice in one object")
        found[key] = value
    return found


def _from_options(head: OrderHead, items: list[str], currency: str | None) -> dict[str, Any]:
    given = {name: value for name, value in asdict(head).items() if value not in (None, False)}
    body: dict[str, Any] = {name: given[name] for name in _HEAD if name in given}
    personal = ("customer_id", "name", "phone", "email")
    customer = {name: given[name] for name in personal if name in given}
    if customer:
        body["customer"] = customer
    chosen_delivery = {"address": "address", "delivery_method": "method"}
    delivery = {field: given[name] for name, field in chosen_delivery.items() if name in given}
    if delivery:
        body["delivery"] = delivery
    money = {name: given[name] for name in ("delivery", "discount") if name in given}
    chosen = given.get("currency") or currency
    if (money or items) and not chosen:
        raise typer.BadParameter("amounts need a currency: give --currency EUR")
    if isinstance(chosen, str):  # What else a file may hold, the command refuses.
        _check_currency(chosen)
    for name, text in money.items():
        body[f"{name}_minor"] = minor_of(text, str(chosen), f"--{name}")
    if items:
        body["lines"] = _lines(items, str(chosen))
    return body


def _check_currency(code: str) -> None:
    from domain.orders.currencies import known_currency

    try:
        known_currency(code)
    except ValueError as error:
        raise typer.BadParameter(f"the currency {error}") from None


def _lines(items: list[str], currency: str) -> list[dict[str, Any]]:
    """Read every --item; those that cannot be read are told together."""
    lines, wrong = [], []
    for number, text in enumerate(items, 1):
        try:
            lines.append(_line(number, text, currency))
        except typer.BadParameter as error:
            shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
            wrong.append(f"--item {shown!r}: {error.message}")
    if wrong:
        raise CommandFailed("\n  ".join(["no order was placed:", *wrong]), USAGE)
    return lines


def _line(number: int, text: str, currency: str) -> dict[str, Any]:
    from pydantic import ValidationError

    from domain.orders.money import Line, OpenLine

    parts = text.split(":", 3)
    if len(parts) < 2 or not parts[0]:
        raise typer.BadParameter("write SKU:QUANTITY or SKU:QUANTITY:PRICE, as MUG:2:9.90")
    sku, quantity, *more = parts
    line = {"item_id": str(number), "sku": sku, "quantity": count_of(quantity, "the quantity")}
    if more:
        price = minor_of(more[0], currency, "the price")
        line |= {"title": more[1] if more[1:] else sku, "unit_price_minor": price}
    try:
        (Line if more else OpenLine).model_validate(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(f"{first['loc'][0]}: {first['msg']}") from None
    return line
