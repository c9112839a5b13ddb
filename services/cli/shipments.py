"""`orderpath shipment …`: what travels with whom, and how far it is."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import (
    AsJson,
    Cursor,
    Limit,
    OrderRef,
    Sending,
    more,
    most,
    said,
    unfolded,
)
from services.cli.output import put, table
from services.cli.sending import (
    execute,
    find_id,
    first_made,
    outcome_dict,
    put_outcome,
    send,
    where,
)
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.messages import Outcome

app: Final = typer.Typer(
    name="shipment",
    help="Pack shipments, track and move them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Shipment = Annotated[str, typer.Argument(metavar="SHIPMENT", help="Its id within the order.")]


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a shipment."""

    carrier: Annotated[str, typer.Option(metavar="NAME", help="Who carries it.")]
    shipment_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="By default shipment-1, …")
    ] = None
    track_number: Annotated[
        str | None,
        typer.Option("--track", metavar="NUMBER", help="The carrier's number, if it is known."),
    ] = None


def pieces_of(text: str) -> tuple[str, int]:
    """Read ITEM:PIECES."""
    item_id, colon, pieces = text.rpartition(":")
    if not (item_id and colon and pieces.isdecimal()):
        raise typer.BadParameter(f"{text!r} names no pieces: write ITEM:PIECES, as 1:2")
    return item_id, int(pieces)


@app.command()
@unfolded
def create(
    order: OrderRef,
    pieces: Annotated[
        list[str] | None,
        typer.Argument(metavar="ITEM:PIECES", help="By default all that may be shipped."),
    ] = None,
    *,
    label: Label,
    sending: Sending,
) -> None:
    """Plan that pieces of an order travel together."""
    from domain.orders.commands import CreateShipment
    from domain.orders.events import ShipmentCreated, stream_of

    body = said(**asdict(label), pieces=dict(map(pieces_of, pieces)) if pieces else None)
    with opened_desk() as desk:
        order_id = find_id(desk, order)
        outcome = execute(desk, CreateShipment, sending, {"order_id": order_id, **body})
        found = first_made(desk, order_id, outcome, ShipmentCreated.NAME)
        made = found[0] if found else None
        answer = outcome_dict(desk, outcome, stream_of(order_id), order_id=str(order_id))
        answer["shipment_id"] = made or label.shipment_id
        put_outcome(outcome, answer, sending, lambda: _sentence(made, outcome))


@app.command()
@unfolded
def track(
    order: OrderRef,
    shipment: Shipment,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The carrier's number.")],
    *,
    sending: Sending,
) -> None:
    """Set the number by which the carrier knows a shipment."""
    from domain.orders.commands import TrackShipment

    send(order, sending, TrackShipment, {"shipment_id": shipment, "track_number": number})


@app.command()
@unfolded
def move(
    order: OrderRef,
    shipment: Shipment,
    status: Annotated[
        str,
        typer.Argument(
            metavar="STATUS",
            help="handed_over, in_transit, at_pickup_point, delivered, lost, returned, cancelled.",
        ),
    ],
    reason_code: Annotated[str | None, typer.Option(metavar="CODE", help="Why.")] = None,
    *,
    sending: Sending,
) -> None:
    """Bring a shipment further; its pieces go with it."""
    from domain.orders.commands import MoveShipment

    body = {"shipment_id": shipment, "to_status": status}
    send(order, sending, MoveShipment, body | said(reason_code=reason_code))


@app.command("list")
def list_them(
    order: Annotated[
        str | None, typer.Argument(metavar="ORDER", help="By default those of all orders.")
    ] = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only in this one.")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    json: AsJson = False,
) -> None:
    """List shipments, the latest change first."""
    from services.questions.parts import Shipments

    page = {"limit": most(limit, everything=json), "cursor": cursor}
    wanted = said(order=order, status=status, **page)
    with opened_desk() as desk:
        answer = desk.ask(Shipments(**wanted))
    columns = ("order!", "shipment", "carrier", "track number", "status", "since (UTC)", "pieces>")
    cells = [list(row.values())[: len(columns)] for row in answer["shipments"]]
    put(
        answer,
        as_json=json,
        people=lambda: [table("Shipments", *columns, rows=cells), *more(answer)],
    )


def _sentence(made: str | None, outcome: "Outcome") -> str:
    if made is None:
        return "Nothing to do: the shipment is so already."
    return f"Shipment {made} is planned; {where(outcome)}"
