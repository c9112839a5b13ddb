"""`orderpath order move-item`: the pieces of a position."""

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from services.cli.options import OrderRef, Sending, said, unfolded
from services.cli.sending import send


@dataclass(frozen=True, slots=True)
class PieceMove:
    """From where to where, and why."""

    from_status: Annotated[str, typer.Argument(metavar="FROM", help="Their item status now.")]
    to_status: Annotated[str, typer.Argument(metavar="TO", help="Where they go.")]
    supplier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom they are bought from, or came from.")
    ] = None
    reason_code: Annotated[str | None, typer.Option(metavar="CODE", help="Why.")] = None


@unfolded
def move_item(
    order: OrderRef,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The position's id.")],
    quantity: Annotated[int, typer.Argument(metavar="PIECES", help="How many move.")],
    *,
    move: PieceMove,
    sending: Sending,
) -> None:
    """Bring some pieces of a position from one item status to another."""
    from domain.orders.commands import MoveItem

    body = {"item_id": item, "quantity": quantity, **said(**asdict(move))}
    send(order, sending, MoveItem, body)
