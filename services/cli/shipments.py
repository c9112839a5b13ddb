"""`orderpath shipment …`: what travels with whom, and how far it is."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit, OrderRef, Sending, said, unfolded
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, send, where
from services.cli.session import opened, up_to_date

if TYPE_CHECKING:
    from uuid import UUID

    from domain.messages import Outcome
    from services.bootstrap import System

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
    from domain.orders.events import stream_of
    from services.reading import find_order

    body = said(**asdict(label), pieces=dict(map(pieces_of, pieces)) if pieces else None)
    with opened() as system:
        order_id = find_order(system, order)
        outcome = execute(system, CreateShipment, sending, {"order_id": order_id, **body})
        made = _made(system, order_id, outcome)
        answer = outcome_dict(system, outcome, stream_of(order_id), order_id=str(order_id))
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
    json: AsJson = False,
) -> None:
    """List shipments, the latest change first."""
    from projections.reports.shipments import MOST_LISTED, list_shipments
    from services.reading import find_order

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    with up_to_date() as system:
        order_id = None if order is None else find_order(system, order)
        with system.snapshot() as reader:
            rows: list[Any] = list_shipments(reader, order_id=order_id, status=status, limit=most)
    columns = ("order!", "shipment", "carrier", "track number", "status", "since (UTC)", "pieces>")
    cells = [list(row.values())[: len(columns)] for row in rows]
    put(rows, as_json=json, people=lambda: [table("Shipments", *columns, rows=cells)])


def _made(system: "System", order_id: "UUID", outcome: "Outcome") -> str | None:
    """Name the shipment that a command created, also one of long ago."""
    from domain.orders.events import ShipmentCreated
    from services.reading import load_order

    for recorded in load_order(system, order_id) if outcome.kind == "accepted" else ():
        event = recorded.event
        if recorded.position == outcome.first_position and isinstance(event, ShipmentCreated):
            return event.shipment_id
    return None


def _sentence(made: str | None, outcome: "Outcome") -> str:
    if made is None:
        return "Nothing to do: the shipment is so already."
    return f"Shipment {made} is planned; {where(outcome)}"
