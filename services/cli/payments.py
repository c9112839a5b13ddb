"""`orderpath order pay`: a payment and its movements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid5

import typer

from services.cli.amounts import amount as written
from services.cli.amounts import minor_of
from services.cli.errors import USAGE, CommandFailed
from services.cli.options import OrderRef, Sending, unfolded
from services.cli.sending import build, finish

if TYPE_CHECKING:
    from uuid import UUID

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

    @property
    def is_back(self) -> bool:
        """Money goes back to the customer."""
        return self.movement in ("refund", "charge-back")

    def __post_init__(self) -> None:
        if self.movement not in MOVEMENTS:
            words = f"no movement {self.movement!r}: write one of {', '.join(MOVEMENTS)}"
            raise typer.BadParameter(words)


@unfolded
def pay(
    order: OrderRef,
    amount: Annotated[
        str | None,
        typer.Argument(metavar="AMOUNT", help="As 12.50; by default what is still due."),
    ] = None,
    *,
    paying: Paying,
    sending: Sending,
) -> None:
    """Book a payment. A charge of a payment that nobody announced announces it first."""
    from services.cli.session import opened
    from services.reading import find_order, order_now

    with opened() as system:
        order_id = find_order(system, order)
        state = order_now(system, order_id)
        body = _body(state, order_id, amount, paying)
        commands = _commands(state, body, paying, sending)
        for command in commands:
            outcome = system.execute(command)
            if outcome.kind == "refused":
                break
        finish(system, order_id, outcome, sending)


def _body(state: "Order", order_id: "UUID", amount: str | None, paying: Paying) -> dict[str, Any]:
    currency = state.currency
    if currency is None:
        raise CommandFailed("the order has no currency yet: the fact that it was placed is missing")
    paid = state.balance.paid_minor
    minor = paid if paying.is_back else state.due_minor - paid
    if amount is not None:
        minor = minor_of(amount, currency, "AMOUNT")
    if minor <= 0:
        held = f"{written(paid, currency)} of {written(state.due_minor, currency)} paid"
        message = f"there is nothing to {paying.movement}: {held}; name an amount"
        raise CommandFailed(message, USAGE)
    return {
        "order_id": order_id,
        "payment_id": paying.payment or _fitting(state, paying, minor),
        "amount_minor": minor,
        "currency": currency,
    }


def _fitting(state: "Order", paying: Paying, minor: int) -> str:
    """The one payment that waits for this movement; a new one for money that nobody announced."""
    from domain.orders.ledger import balance

    sums = {e.payment_id: balance(state.ledger, e.payment_id) for e in state.ledger}
    if paying.is_back:
        fitting = [name for name, s in sums.items() if s.paid_minor >= minor]
    elif paying.movement == "submit":
        fitting = []
    else:
        waiting = {name: s for name, s in sums.items() if not s.charged_minor}
        fitting = [name for name, s in waiting.items() if s.submitted_minor == minor]
    if len(fitting) == 1:
        return fitting[0]
    if paying.is_back or fitting:
        names = ", ".join(fitting or sums) or "there is none"
        raise CommandFailed(f"say which payment with --payment: {names}", USAGE)
    return f"payment-{len(sums) + 1}"


def _commands(
    state: "Order", body: Mapping[str, Any], paying: Paying, sending: Sending
) -> "list[Command]":
    from domain.orders import commands as c

    if paying.movement == "submit":
        return [build(c.SubmitPayment, sending, {**body, "method": paying.method})]
    kinds: dict[str, type[Command]] = {
        "authorise": c.AuthorisePayment,
        "charge": c.ChargePayment,
        "refund": c.RefundPayment,
        "charge-back": c.ChargeBackPayment,
    }
    reference = {} if paying.gateway_ref is None else {"gateway_ref": paying.gateway_ref}
    moved = build(kinds[paying.movement], sending, {**body, **reference})
    known = any(entry.payment_id == body["payment_id"] for entry in state.ledger)
    if known or paying.is_back:
        return [moved]
    # Its id follows from the movement's, so that the same --command-id repeats both.
    announced = build(c.SubmitPayment, sending, {**body, "method": paying.method})
    first = uuid5(moved.command_id, "submit")
    return [announced.model_copy(update={"command_id": first}), moved]
