"""`orderpath product quote`: prices, what is there, and the total, while the customer waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from services.cli.amounts import amount, count_of, minor_of, percent
from services.cli.errors import USAGE, WANTING, CommandFailed, complain, invalid, unmet_lines
from services.cli.options import AsJson, unfolded
from services.cli.output import put, table
from services.cli.session import desk as opened_desk


@dataclass(frozen=True, slots=True)
class Money:
    """What belongs to the total beside the lines."""

    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="By default that of the first product.")
    ] = None
    delivery: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the delivery costs.")
    ] = None
    delivery_method: Annotated[
        str | None, typer.Option(metavar="CODE", help="How; what it costs is its own price.")
    ] = None
    discount: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="Agreed, off the whole order, beside those in force."),
    ] = None


@unfolded
def quote(
    line: Annotated[
        list[str], typer.Option(metavar="SKU:QUANTITY", help="What is asked for; repeatable.")
    ],
    location: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Where to look, in this order; by default everywhere."),
    ] = None,
    json: AsJson = False,
    *,
    money: Money,
) -> None:
    """Say what an order would cost now and whether the goods are there. 1 if a price is missing."""
    from pydantic import ValidationError

    from domain.refusals import Unmet
    from services.questions.prices import CurrencyOf, QuoteBasket
    from services.quoting import Basket

    lines = [_line(text) for text in line]
    with opened_desk() as desk:
        skus = tuple(one["sku"] for one in lines)
        currency = money.currency or desk.ask(CurrencyOf(skus=skus))["currency"]
        amounts = {
            f"{name}_minor": minor_of(text, currency, f"--{name}")
            for name, text in (("delivery", money.delivery), ("discount", money.discount))
            if text is not None
        }
        body = {"currency": currency, "lines": lines, **amounts}
        if money.delivery_method is not None:
            body["delivery"] = {"method": money.delivery_method}
        try:
            basket = Basket.model_validate(body)
        except ValidationError as error:
            raise CommandFailed(invalid(error, "the command"), USAGE) from None
        places = tuple(location) if location else None
        answer = desk.ask(QuoteBasket(basket=basket, locations=places))
    put(answer, as_json=json, people=lambda: _sheet(answer))
    if answer["unmet"]:
        complain(unmet_lines([Unmet.model_validate(one) for one in answer["unmet"]]))
        raise SystemExit(WANTING)


def _line(text: str) -> dict[str, Any]:
    sku, sign, quantity = text.rpartition(":")
    if not sign or not sku:
        raise typer.BadParameter(f"--line {text!r}: write SKU:QUANTITY, as MUG:2")
    return {"sku": sku, "quantity": count_of(quantity, "the quantity")}


def _sheet(answer: dict[str, Any]) -> "Iterator[Any]":
    currency = answer["currency"]
    cells = (
        [one["sku"], one["title"], one["quantity"], amount(one["unit_price_minor"], currency),
         amount(one["discount_minor"], currency), percent(one["vat_bp"]),
         amount(one["net_minor"], currency), one["availability"]]
        for one in answer["lines"]
    )  # fmt: skip
    columns = (
        "article", "title", "pieces>", "price>", "discount>", "VAT>", "amount>", "available"
    )  # fmt: skip
    yield table("Quote", *columns, rows=cells)
    names = ("goods", "discount", "delivery", "vat", "total")
    totals = ([name, amount(answer["totals"][f"{name}_minor"], currency)] for name in names)
    yield table(None, "", ">", rows=totals)
    if answer["discounts"]:
        yield "Discounts in force: " + ", ".join(
            f"{one['code']} {amount(one['amount_minor'], currency)}" for one in answer["discounts"]
        )
