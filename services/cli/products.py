"""`orderpath product …`: what is sold at which price, and what an order of it would cost."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import amount, minor_of, percent, points_of
from services.cli.errors import WANTING
from services.cli.imports import DryRun
from services.cli.options import AsJson, Envelope, Limit, most, said, unfolded
from services.cli.output import progress_bar, put, say, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk
from services.cli.session import near, opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.products.commands import ProductCommand
    from services.bootstrap import System

app: Final = typer.Typer(
    name="product",
    help="Say what is sold at which price; orders take their prices from there.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BAD_ROWS_SHOWN: Final = 20

Sku = Annotated[str, typer.Argument(metavar="SKU", help="The article's number.")]


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of a product."""

    title: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Of a piece, with VAT, as 9.90.")
    ] = None
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="ISO 4217, such as EUR.")] = (
        None
    )
    vat: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Contained in the price, as 20.")
    ] = None
    supplier: Annotated[str | None, typer.Option(metavar="NAME", help="Who sends it.")] = None
    category: Annotated[str | None, typer.Option(metavar="NAME", help="Where it is filed.")] = None

    def body(self, currency: str | None) -> dict[str, Any]:
        """Give the fields of a command; currency: what the product has now."""
        body = said(**asdict(self))
        if "price" in body:
            chosen = self.currency or currency
            if chosen is None:
                raise typer.BadParameter("a price needs a currency: give --currency EUR")
            body["unit_price_minor"] = minor_of(body.pop("price"), chosen, "--price")
        if "vat" in body:
            body["vat_bp"] = points_of(body.pop("vat"), "--vat")
        return body


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, CSV.gz or Parquet: sku, title, price, currency; vat, supplier, category.",
        ),
    ],
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Publish the products of a price list; twice is once. 1 if some rows are bad."""
    from services.imports.products import import_products

    with opened() as system, progress_bar("Importing") as move:
        report = import_products(system, file, dry_run=dry_run, progress=move)
    answer = report.as_dict()
    put(answer, as_json=json, people=lambda: _import_sheet(answer))
    if report.bad_rows:
        say(f"{report.bad_rows:,} bad rows were left out: put them right and import again.")
        raise SystemExit(WANTING)


@app.command()
@unfolded
def publish(sku: Sku, *, saying: Saying, envelope: Envelope) -> None:
    """Say all that there is to say of a product: it is sold, so, at this price."""
    from domain.products.commands import PublishProduct

    if saying.title is None or saying.price is None:
        raise typer.BadParameter("a product has a title and a price: give --title and --price")
    with opened() as system:
        _send(system, PublishProduct, envelope, {"sku": sku, **saying.body(None)})


@app.command()
@unfolded
def change(sku: Sku, *, saying: Saying, envelope: Envelope) -> None:
    """Change what is said of a product; what is not named stays. A new price holds from now on."""
    from domain.products.commands import ChangeProduct
    from services.reading import product_now

    if saying == Saying():
        raise typer.BadParameter("name what changes: --title, --price, --vat, …")
    with opened() as system:
        currency = product_now(system, sku).currency or None
        _send(system, ChangeProduct, envelope, {"sku": sku, **saying.body(currency)})


@app.command()
@unfolded
def withdraw(sku: Sku, *, envelope: Envelope) -> None:
    """Sell a product no more."""
    from domain.products.commands import WithdrawProduct

    with opened() as system:
        _send(system, WithdrawProduct, envelope, {"sku": sku})


@app.command("list")
def list_them(
    category: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this one.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Withdrawn ones too.")] = False,
    limit: Limit = None,
    json: AsJson = False,
) -> None:
    """List what is sold, with its price."""
    from services.questions.stock import Products

    shown = most(limit, everything=json)
    with opened_desk() as desk:
        wanted = said(category=category, withdrawn=everything, limit=shown)
        found = desk.ask(Products.model_validate(wanted))
    put(found, as_json=json, people=lambda: [_products_table(found)])
    if not json and len(found) == shown:
        say(f"There may be more: add --limit {shown * 10}")


@app.command()
def show(sku: Sku, json: AsJson = False) -> None:
    """Show a product as it is now, with all the prices that it had."""
    from services.questions.stock import ShowProduct

    with opened_desk() as desk:
        answer = desk.ask(ShowProduct(sku=sku))
    put(answer, as_json=json, people=lambda: _product_sheet(answer))


def _send(
    system: "System",
    command: "type[ProductCommand]",
    envelope: Envelope,
    body: Mapping[str, Any],
) -> None:
    from domain.products.events import stream_of

    sku = str(body["sku"])
    outcome = execute(near(system), command, envelope, body)
    answer = outcome_dict(near(system), outcome, stream_of(sku), sku=sku)
    put_outcome(outcome, answer, envelope, lambda: _sentence(system, sku, outcome))


def _sentence(system: "System", sku: str, outcome: "Outcome") -> str:
    from services.reading import product_now

    product = product_now(system, sku)
    price = amount(product.unit_price_minor, product.currency)
    state = f"{price}, VAT {percent(product.vat_bp)}" if product.active else "withdrawn"
    if outcome.kind == "nothing":
        return f"Nothing to do: {sku} is so already ({state})."
    return f"{sku} ({product.title}): {state}; version {product.version}, {where(outcome)}"


def _products_table(rows: list[dict[str, Any]]) -> "RenderableType":
    cells = (
        [one["sku"], one["title"], amount(one["unit_price_minor"], one["currency"]),
         percent(one["vat_bp"]), one["category"], one["supplier"], one["price_since"],
         None if one["active"] else "withdrawn"]
        for one in rows
    )  # fmt: skip
    columns = ("article", "title", "price>", "VAT>", "category?", "supplier?", "since (UTC)?", "")
    return table("Products", *columns, rows=cells)


def _product_sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    yield _products_table([answer])
    cells = (
        [one["since"], amount(one["unit_price_minor"], one["currency"]), percent(one["vat_bp"])]
        for one in answer["prices"]
    )
    yield table("Prices", "since (UTC)", "price>", "VAT>", rows=cells)


def _import_sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    counts = ("rows_read", "new", "changed", "unchanged", "bad_rows")
    rows = ([name.replace("_", " "), answer[name]] for name in counts)
    would = " (dry run: nothing was recorded)" if answer["dry_run"] else ""
    yield table(f"Products of {answer['file']}{would}", "what", "number>", rows=rows)
    for bad in answer["bad"][:BAD_ROWS_SHOWN]:
        yield f"{answer['file']}:{bad['line']}: {bad['message']}"
