"""`orderpath order pay`: a payment and its movements."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.amounts import minor_of
from services.cli.errors import CommandFailed
from services.cli.options import OrderRef, Sending, said, unfolded
from services.cli.sending import execute, find_id, finish, show_order
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.messages import Command

MOVEMENTS: Final = ("submit", "authorise", "charge", "refund", "charge-back", "grant")


@dataclass(frozen=True, slots=True)
class Paying:
    """Which payment moves, and how."""

    movement: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="MOVEMENT",
            help="submit, authorise, charge, refund, charge-back, or grant: promise a refund.",
        ),
    ] = "charge"
    payment: Annotated[
        str | None, typer.Option(metavar="ID", help="Which payment; by default the one that fits.")
    ] = None
    method: Annotated[str, typer.Option(metavar="NAME", help="How it is paid.")] = "card"
    gateway_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="The gateway's id of this movement.")
    ] = None

    def __post_init__(self) -> None:
        if self.movement not in MOVEMENTS:
            words = f"no movement {self.movement!r}: write one of {', '.join(MOVEMENTS)}"
            raise typer.BadParameter(words)


@unfolded
def pay(
    order: OrderRef,
    amount: Annotated[
        str | None,
        typer.Argument(metavar="AMOUNT", help="As 12.50; by default all that is due, or held."),
    ] = None,
    *,
    paying: Paying,
    sending: Sending,
) -> None:
    """Book a payment. A charge of a payment that nobody announced announces it too.

    A refund is granted in all, with what went back already; 0 takes the promise back.
    """
    from domain.orders import commands as c

    commands: dict[str, type[Command]] = {
        "submit": c.SubmitPayment,
        "authorise": c.AuthorisePayment,
        "charge": c.ChargePayment,
        "refund": c.RefundPayment,
        "charge-back": c.ChargeBackPayment,
        "grant": c.GrantRefund,
    }
    command = commands[paying.movement]
    given = {
        "payment_id": paying.payment,
        "gateway_ref": paying.gateway_ref,
        "method": paying.method if "method" in command.model_fields else None,
    }

    with opened_desk() as desk:
        order_id = find_id(desk, order)
        # Only the currency is taken from the order: the rest is chosen when it is decided.
        currency = show_order(desk, order_id)["currency"]
        if currency is None:
            message = "the order has no currency yet: the fact that it was placed is missing"
            raise CommandFailed(message)
        minor = None if amount is None else minor_of(amount, currency, "AMOUNT")
        wish = {**given, "order_id": order_id, "currency": currency, "amount_minor": minor}
        finish(desk, order_id, execute(desk, command, sending, said(**wish)), sending)
