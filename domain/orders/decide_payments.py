"""Decisions about payments. A person or a rule is checked; what a gateway reports is a fact,
however odd.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.messages import Event
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.ledger import Kind, balance
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.refusals import Unmet

Verdict = tuple[list[Event], list[Unmet]]


def submit(order: Order, cmd: c.SubmitPayment, _path: OrderPath, _now: datetime) -> Verdict:
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


def _movement(
    event_type: type[e.PaymentMovement],
) -> Callable[[Order, c.PaymentCommand, OrderPath, datetime], Verdict]:
    def decide(order: Order, cmd: c.PaymentCommand, _path: OrderPath, _now: datetime) -> Verdict:
        if cmd.gateway_ref is not None and any(
            (entry.gateway_ref, entry.kind) == (cmd.gateway_ref, event_type.KIND)
            for entry in order.ledger
        ):
            return [], []
        unmet = list(guards.same_currency(order, cmd.currency))
        if cmd.actor.kind not in guards.FACT_ACTORS:
            unmet += _payment_is_known(order, cmd)
            unmet += _money_is_there(order, cmd, event_type.KIND)
        body: dict[str, Any] = {
            "payment_id": cmd.payment_id,
            "amount_minor": cmd.amount_minor,
            "currency": cmd.currency,
            "gateway_ref": cmd.gateway_ref,
        }
        if isinstance(cmd, c.RefundPayment):
            body["reason_code"] = cmd.reason_code
        return [event_type(**body)], unmet

    return decide


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


def _money_is_there(order: Order, cmd: c.PaymentCommand, kind: Kind) -> list[Unmet]:
    """Nobody gives back more than came in."""
    if kind not in ("refunded", "charged_back"):
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


PAYMENT_DECISIONS: dict[Any, Callable[..., Verdict]] = {
    c.SubmitPayment: submit,
    c.AuthorisePayment: _movement(e.PaymentAuthorised),
    c.ChargePayment: _movement(e.PaymentCharged),
    c.RefundPayment: _movement(e.PaymentRefunded),
    c.ChargeBackPayment: _movement(e.PaymentChargedBack),
}
