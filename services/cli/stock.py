"""`orderpath stock …`: goods that come in, counts, thresholds, and what lies where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.options import AsJson, Envelope, Limit, most, said, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk
from services.cli.session import opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.messages import Outcome
    from domain.stock.commands import StockCommand
    from projections.reports.stock import StockNow
    from services.desks import Desk

app: Final = typer.Typer(
    name="stock",
    help="Take in goods, count them, and see what is kept for whom.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Sku = Annotated[str, typer.Argument(metavar="SKU", help="The article's number.")]
Location = Annotated[
    str, typer.Option(metavar="CODE", help="Where: a warehouse of ours or a supplier's.")
]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How many pieces there are, and why the books said something else."""

    reason_code: Annotated[
        str, typer.Option(metavar="CODE", help="Why: counted, damaged, lost, found, …")
    ]
    counted: Annotated[int | None, typer.Option(metavar="PIECES", help="So many were found.")] = (
        None
    )
    difference: Annotated[
        int | None, typer.Option(metavar="PIECES", help="So many more; below zero: fewer.")
    ] = None

    def __post_init__(self) -> None:
        if (self.counted is None) == (self.difference is None):
            raise typer.BadParameter("give one of --counted and --difference")


@app.command()
@unfolded
def receive(
    sku: Sku,
    quantity: Annotated[int, typer.Argument(metavar="PIECES", min=1, help="That came in.")],
    location: Location = "main",
    supplier: Annotated[str | None, typer.Option(metavar="NAME", help="Who sent them.")] = None,
    *,
    envelope: Envelope,
) -> None:
    """Take in goods."""
    from domain.stock.commands import ReceiveStock

    body = {"sku": sku, "location": location, "quantity": quantity}
    _send(ReceiveStock, envelope, body | said(supplier=supplier))


@app.command()
@unfolded
def adjust(
    sku: Sku, location: Location = "main", *, adjustment: Adjustment, envelope: Envelope
) -> None:
    """Set the books right: to what was counted, or by a difference."""
    from domain.stock.commands import AdjustStock

    body = {"sku": sku, "location": location, **said(**asdict(adjustment))}
    _send(AdjustStock, envelope, body)


@app.command()
@unfolded
def threshold(
    sku: Sku,
    pieces: Annotated[
        int | None,
        typer.Argument(metavar="PIECES", min=0, help="Tell when fewer than these are available."),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Tell no more.")] = False,
    location: Location = "main",
    *,
    envelope: Envelope,
) -> None:
    """Say from which quantity on purchasing shall be told."""
    from domain.stock.commands import SetThreshold

    if off == (pieces is not None):
        raise typer.BadParameter("give the pieces, or --off")
    _send(SetThreshold, envelope, {"sku": sku, "location": location, "threshold": pieces})


@app.command()
def show(
    sku: Annotated[
        str | None, typer.Argument(metavar="SKU", help="By default every article.")
    ] = None,
    location: Annotated[
        str | None, typer.Option(metavar="CODE", help="By default every location.")
    ] = None,
    limit: Limit = None,
    json: AsJson = False,
) -> None:
    """Show what lies where, and which orders it is kept for."""
    from services.questions.stock import ShowStock

    wanted = said(sku=sku, location=location, limit=most(limit, everything=json))
    with opened_desk() as desk:
        answer = desk.ask(ShowStock.model_validate(wanted))
    put(answer, as_json=json, people=lambda: _sheet(answer))


@app.command()
def expire(json: AsJson = False) -> None:
    """Give back what is kept for orders beyond its time. `orderpath clock` does it by itself."""
    from services.expiring import expire_reservations

    with opened() as system:
        expired = list(expire_reservations(system))
    answer = {"orders": [one.as_dict() for one in expired]}
    put(answer, as_json=json, people=lambda: _expired_sheet(answer["orders"]))
    if any(one.outcome.kind == "refused" for one in expired):
        raise SystemExit(WANTING)


def _send(command: "type[StockCommand]", envelope: Envelope, body: Mapping[str, Any]) -> None:
    from domain.stock.events import stream_of

    sku, location = str(body["sku"]), str(body["location"])
    stream = stream_of(sku, location=location)
    with opened_desk() as desk:
        outcome = execute(desk, command, envelope, body)
        answer = outcome_dict(desk, outcome, stream, sku=sku, location=location)
        put_outcome(outcome, answer, envelope, lambda: _sentence(desk, sku, location, outcome))


def _sentence(desk: "Desk", sku: str, location: str, outcome: "Outcome") -> str:
    from services.questions.stock import StockLevel

    level = desk.ask(StockLevel(sku=sku, location=location))
    if outcome.kind == "nothing":
        return f"Nothing to do: {sku} at {location} is so already ({level['on_hand']:,} on hand)."
    short = f", {level['short']:,} short" if level["short"] else ""
    return (
        f"{sku} at {location}: {level['on_hand']:,} on hand, {level['reserved']:,} reserved, "
        f"{level['available']:,} available{short}; version {level['version']}, {where(outcome)}"
    )


def _expired_sheet(orders: Sequence[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    if not orders:
        yield "Nothing is kept beyond its time."
        return
    yield table(
        "Orders with goods that were kept beyond their time",
        "order!", "what was done", "why not",
        rows=(
            [one["order_id"], _DONE[one["outcome"]], [unmet["message"] for unmet in one["unmet"]]]
            for one in orders
        ),
    )  # fmt: skip


_DONE: Final = {
    "accepted": "given back",
    "nothing": "nothing: it is packed already",
    "refused": "refused",
}


def _sheet(answer: "StockNow") -> "Iterator[RenderableType]":
    yield table(
        "Stock, in pieces",
        "article", "location", "on hand>", "reserved>", "available>", "short>", "threshold>",
        "below since (UTC)",
        rows=(list(level.values()) for level in answer["levels"]),
    )  # fmt: skip
    if answer["reservations"]:
        yield table(
            "Kept for orders",
            "article", "location", "order!", "item", "pieces>", "since (UTC)", "until (UTC)",
            rows=(list(one.values()) for one in answer["reservations"]),
        )  # fmt: skip
