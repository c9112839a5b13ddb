"""`orderpath order pay`: a payment and its movements."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import minor_of
from services.cli.errors import CommandFailed
from services.cli.options import OrderRef, Sending, unfolded
from services.cli.sending import send

if TYPE_CHECKING:
    from domain.messages import Command
    from domain.orders.order import Order

MOVEMENTS: Final = ("submit", "authorise", "charge", "refund", "charge-back")


@dataclass(frozen=True, slots=True)
class Paying:
    """Which payment moves, and how."""

    movement: Annotated[
        str,
        typer.Option(
            "--as", metavar="MOVEMENT", help="submit, authorise, charge, refund or charge-back."
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
    """Book a payment. A charge of a payment that nobody announced announces it too."""
    from domain.orders import commands as c

    commands: dict[str, type[Command]] = {
        "submit": c.SubmitPayment,
        "authorise": c.AuthorisePayment,
        "charge": c.ChargePayment,
        "refund": c.RefundPayment,
        "charge-back": c.ChargeBackPayment,
    }
    command = commands[paying.movement]
    given = {
        "payment_id": paying.payment,
        "gateway_ref": paying.gateway_ref,
        "method": paying.method if "method" in command.model_fields else None,
    }

    def body(state: "Order") -> dict[str, Any]:
        """Only the currency is taken from the order: the rest is chosen when it is decided."""
        if state.currency is None:
            message = "the order has no currency yet: the fact that it was placed is missing"
            raise CommandFailed(message)
        minor = None if amount is None else minor_of(amount, state.currency, "AMOUNT")
        wish = {**given, "currency": state.currency, "amount_minor": minor}
        return {name: value for name, value in wish.items() if value is not None}

    send(order, sending, command, body)
