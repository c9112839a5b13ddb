"""`orderpath order …`: what a person may ask of one order. Reads are in order_reads.py."""

from typing import Annotated, Final

import typer

from services.cli.options import OrderRef, Sending, said, unfolded
from services.cli.order_tables import reservation_lines
from services.cli.output import put
from services.cli.sending import execute, find_id, finish, send, show_order
from services.cli.session import desk as opened_desk

app: Final = typer.Typer(
    name="order",
    help="Place, move, pay and read single orders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ReasonCode = Annotated[
    str | None, typer.Option(metavar="CODE", help="Why, as a code that the path allows.")
]
Initiator = Annotated[
    str | None, typer.Option(metavar="WHO", help="client, shop, carrier or system.")
]


@app.command()
@unfolded
def move(
    order: OrderRef,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="Where the order goes.")],
    reason_code: ReasonCode = None,
    initiator: Initiator = None,
    *,
    sending: Sending,
) -> None:
    """Move an order along its path."""
    from domain.orders.commands import ChangeStatus

    body = {"to_status": status, **said(reason_code=reason_code, initiator=initiator)}
    send(order, sending, ChangeStatus, body)


@app.command()
@unfolded
def approve(
    order: OrderRef,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="The status to be entered.")],
    *,
    sending: Sending,
) -> None:
    """Agree to a move that needs four eyes. Any change of the order voids the agreement."""
    from domain.orders.commands import ApproveMove

    send(order, sending, ApproveMove, {"to_status": status})


@app.command()
@unfolded
def reserve(order: OrderRef, *, sending: Sending) -> None:
    """Reserve what is ordered and not reserved yet, as much as there is."""
    from domain.orders.commands import ReserveItems

    with opened_desk() as desk:
        order_id = find_id(desk, order)
        outcome = execute(desk, ReserveItems, sending, {"order_id": order_id})
        finish(desk, order_id, outcome, sending)
        if not sending.json:
            lines = reservation_lines(show_order(desk, order_id)["goods"])
            put(None, as_json=False, people=lambda: lines)


@app.command()
@unfolded
def cancel(
    order: OrderRef,
    to: Annotated[
        str | None, typer.Option(metavar="STATUS", help="By default the path's first failure.")
    ] = None,
    reason_code: ReasonCode = None,
    initiator: Initiator = None,
    *,
    sending: Sending,
) -> None:
    """End an order without success."""
    from domain.orders.commands import CancelOrder

    body = said(to_status=to, reason_code=reason_code, initiator=initiator)
    send(order, sending, CancelOrder, body)


@app.command()
@unfolded
def assign(
    order: OrderRef,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Who is responsible.")] = None,
    group: Annotated[str | None, typer.Option(metavar="NAME", help="Which group is.")] = None,
    *,
    sending: Sending,
) -> None:
    """Make a person or a group responsible for an order."""
    from domain.orders.commands import AssignOwner

    send(order, sending, AssignOwner, said(user=user, group=group))


@app.command()
@unfolded
def note(
    order: OrderRef,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember.")],
    *,
    sending: Sending,
) -> None:
    """Write something about an order."""
    from domain.orders.commands import AddNote

    send(order, sending, AddNote, {"text": text})


@app.command()
@unfolded
def correct(
    order: OrderRef,
    event: Annotated[
        int,
        typer.Argument(
            metavar="EVENT", min=1, help="The event's version, as `order history` shows it."
        ),
    ],
    *,
    sending: Sending,
) -> None:
    """Annul a wrong fact of an import or a gateway, as if it had never been told.

    It may be the placement, an item, a status or a payment; the reason is mandatory. History
    still shows it. A decision is undone by another decision.
    """
    from domain.orders.commands import CorrectFact

    send(order, sending, CorrectFact, {"version": event})


@app.command("mark-test")
@unfolded
def mark_test(
    order: OrderRef,
    off: Annotated[bool, typer.Option("--off", help="Count the order again.")] = False,
    *,
    sending: Sending,
) -> None:
    """Take an order out of the reports."""
    from domain.orders.commands import MarkTest

    send(order, sending, MarkTest, {"test": not off})
