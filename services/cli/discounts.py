"""`orderpath discount …`: what is taken off the prices, from when and up to when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import amount, minor_of, percent, points_of
from services.cli.options import AsJson, Envelope, said, time_of, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome

app: Final = typer.Typer(
    name="discount",
    help="Say what is taken off articles, categories and whole orders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="What orders call it: spring, vip, …")]


@dataclass(frozen=True, slots=True)
class Terms:
    """How much off what, and when."""

    percent: Annotated[str | None, typer.Option(metavar="PERCENT", help="So much off.")] = None
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Off each piece, or off the whole order.")
    ] = None
    sku: Annotated[
        str | None, typer.Option(metavar="SKU", help="Off this article; by default off orders.")
    ] = None
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="Off the products of this category.")
    ] = None
    minimum: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="Only if what it is off costs so much before."),
    ] = None
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Of the amounts.")] = None
    from_: Annotated[
        datetime | None,
        typer.Option("--from", parser=time_of, metavar="TIME", help="By default now."),
    ] = None
    until: Annotated[
        datetime | None,
        typer.Option(parser=time_of, metavar="TIME", help="By default until it is ended."),
    ] = None
    title: Annotated[str | None, typer.Option(metavar="TEXT")] = None

    def body(self, code: str) -> dict[str, Any]:
        """Give the discount as the command takes it."""
        if (self.amount or self.minimum) and self.currency is None:
            raise typer.BadParameter("amounts need a currency: give --currency EUR")
        currency = str(self.currency)
        return said(
            code=code,
            title=self.title,
            sku=self.sku,
            category=self.category,
            percent_bp=self.percent and points_of(self.percent, "--percent"),
            amount_minor=self.amount and minor_of(self.amount, currency, "--amount"),
            minimum_minor=self.minimum and minor_of(self.minimum, currency, "--minimum"),
            currency=self.currency,
            valid_from=self.from_,
            valid_until=self.until,
        )


@app.command("set")
@unfolded
def set_one(code: Code, *, terms: Terms, envelope: Envelope) -> None:
    """Give a discount, instead of an earlier one of this code."""
    from domain.products.discounts import SetDiscount

    _send(SetDiscount, code, envelope, {"discount": terms.body(code)})


@app.command()
@unfolded
def end(code: Code, *, envelope: Envelope) -> None:
    """Give a discount no more."""
    from domain.products.discounts import EndDiscount

    _send(EndDiscount, code, envelope, {"code": code})


@app.command("list")
def list_them(
    everything: Annotated[bool, typer.Option("--all", help="Also what is over or ended.")] = False,
    json: AsJson = False,
) -> None:
    """List the discounts that are given, or will be."""
    from services.questions.prices import Discounts

    with opened_desk() as desk:
        found = desk.ask(Discounts(everything=everything))
    put(found, as_json=json, people=lambda: _sheet(found))


def _send(command: Any, code: str, envelope: Envelope, body: dict[str, Any]) -> None:
    from domain.products.discounts import STREAM

    with opened_desk() as desk:
        outcome = execute(desk, command, envelope, body)
        answer = outcome_dict(desk, outcome, STREAM, code=code)
        put_outcome(outcome, answer, envelope, lambda: _sentence(code, outcome))


def _sentence(code: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: the discount {code} is so already."
    return f"The discount {code} is as you say; {where(outcome)}"


def _sheet(rows: list[dict[str, Any]]) -> "Iterator[RenderableType]":
    cells = (
        [one["code"], one["title"], one["sku"] or one["category"] or "whole orders", _off(one),
         _minimum(one), one["valid_from"], one["valid_until"], one["ended_at"]]
        for one in rows
    )  # fmt: skip
    columns = (
        "code", "title?", "off", "so much>", "from>", "since (UTC)", "until (UTC)", "ended (UTC)?"
    )  # fmt: skip
    yield table("Discounts", *columns, rows=cells)


def _off(one: dict[str, Any]) -> str:
    if one["percent_bp"] is not None:
        return percent(one["percent_bp"])
    return amount(one["amount_minor"], one["currency"])


def _minimum(one: dict[str, Any]) -> str | None:
    return amount(one["minimum_minor"], one["currency"]) if one["minimum_minor"] else None
