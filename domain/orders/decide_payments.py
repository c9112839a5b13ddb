"""Decisions about payments. A person or a rule is checked; what a gateway reports is a fact,
however odd.
"""

from typing import Any

from domain.messages import Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.ledger import balance
from domain.orders.order import Order
from domain.refusals import Unmet


def submit(order: Order, cmd: c.SubmitPayment) -> Verdict:
    unmet = list(guards.same_currency(order, cmd.currency))
    for entry in order.ledger:
        if (entry.payment_id, entry.kind) == (cmd.payment_id, "submitted"):
            if entry.amount_minor != cmd.amount_minor:
                message = f"The payment {cmd.payment_id} was submitted with another amount"
                unmet.append(Unmet(code="payment_exists", field="payment_id", message=message))
            return [], unmet
    event = e.PaymentSubmitted(
        payment_id=cmd.payment_id,
        method=cmd.method,
        amount_minor=cmd.amount_minor,
        currency=cmd.currency,
        installments=cmd.installments,
    )
    return [event], unmet


def book(order: Order, cmd: c.PaymentCommand) -> Verdict:
    """Book a movement; the same one again, by the gateway's reference, is nothing."""
    if cmd.gateway_ref is not None and any(
        (entry.gateway_ref, entry.kind) == (cmd.gateway_ref, cmd.KIND) for entry in order.ledger
    ):
        return [], []
    unmet = list(guards.same_currency(order, cmd.currency))
    if cmd.actor.kind not in guards.FACT_ACTORS:
        unmet += _payment_is_known(order, cmd)
        unmet += _money_is_there(order, cmd)
    body: dict[str, Any] = {
        "payment_id": cmd.payment_id,
        "amount_minor": cmd.amount_minor,
        "currency": cmd.currency,
        "gateway_ref": cmd.gateway_ref,
    }
    if isinstance(cmd, c.RefundPayment):
        body["reason_code"] = cmd.reason_code
    return [e.PAYMENT_EVENTS[cmd.KIND](**body)], unmet


def _payment_is_known(order: Order, cmd: c.PaymentCommand) -> list[Unmet]:
    known = dict.fromkeys(entry.payment_id for entry in order.ledger)
    if cmd.payment_id in known:
        return []
    return [
        Unmet(
            code="payment_unknown",
            field="payment_id",
            message=f"The order has no payment {cmd.payment_id}",
            needed="one of " + (", ".join(known) or "none: submit it first"),
        )
    ]


def _money_is_there(order: Order, cmd: c.PaymentCommand) -> list[Unmet]:
    """Nobody gives back more than came in."""
    if cmd.KIND not in ("refunded", "charged_back"):
        return []
    held = balance(order.ledger, cmd.payment_id).paid_minor
    if cmd.amount_minor <= held:
        return []
    return [
        Unmet(
            code="amount_exceeds_paid",
            field="amount_minor",
            message=f"{cmd.amount_minor} is more than the {held} that this payment holds",
            needed=f"at most {max(held, 0)}",
        )
    ]
