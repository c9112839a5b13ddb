"""Decisions about payments. A person or a rule is checked; what a gateway reports is a fact,
however odd. What a command leaves open is chosen first.
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
from domain.orders.payment_choice import (
    by_payment,
    free_name,
    still_due,
    to_return,
    to_take,
    too_much,
)
from domain.paths.path import OrderPath
from domain.refusals import Unmet

Verdict = tuple[list[Event], list[Unmet]]


def submit(order: Order, cmd: c.SubmitPayment, _path: OrderPath, _now: datetime) -> Verdict:
    unmet = list(guards.same_currency(order, cmd.currency))
    for entry in order.ledger:
        if (entry.payment_id, entry.kind) == (cmd.payment_id, "submitted"):
            if cmd.amount_minor not in (None, entry.amount_minor):
                message = f"The payment {cmd.payment_id} was submitted with another amount"
                unmet.append(Unmet(code="payment_exists", field="payment_id", message=message))
            return [], unmet
    amount = still_due(order) if cmd.amount_minor is None else cmd.amount_minor
    if isinstance(amount, Unmet):
        return [], [*unmet, amount]
    event = e.PaymentSubmitted(
        payment_id=cmd.payment_id or free_name(by_payment(order)),
        method=cmd.method,
        amount_minor=amount,
        currency=cmd.currency,
        installments=cmd.installments,
    )
    return [event], unmet


def _taken(
    kind: Kind, event_type: type[e.PaymentAuthorised | e.PaymentCharged]
) -> Callable[[Order, c.IncomingPayment, OrderPath, datetime], Verdict]:
    def decide(order: Order, cmd: c.IncomingPayment, _path: OrderPath, _now: datetime) -> Verdict:
        if _is_told(order, cmd, kind):
            return [], []
        unmet = list(guards.same_currency(order, cmd.currency))
        if _is_checked(cmd) and cmd.method is None:
            unmet += _payment_is_known(order, cmd.payment_id)
        chosen = to_take(order, cmd)
        if isinstance(chosen, Unmet):
            return [], [*unmet, chosen]
        return [*_announced(order, cmd, *chosen), event_type(**_body(cmd, *chosen))], unmet

    return decide


def _returned(
    kind: Kind, event_type: type[e.PaymentRefunded | e.PaymentChargedBack]
) -> Callable[[Order, c.ReturnedPayment, OrderPath, datetime], Verdict]:
    def decide(order: Order, cmd: c.ReturnedPayment, _path: OrderPath, _now: datetime) -> Verdict:
        if _is_told(order, cmd, kind):
            return [], []
        unmet = list(guards.same_currency(order, cmd.currency))
        if _is_checked(cmd):
            unmet += _payment_is_known(order, cmd.payment_id)
        chosen = to_return(order, cmd)
        if isinstance(chosen, Unmet):
            return [], [*unmet, chosen]
        if _is_checked(cmd):
            unmet += _money_is_there(order, *chosen)
        return [event_type(**_body(cmd, *chosen))], unmet

    return decide


def _is_told(order: Order, cmd: c.PaymentCommand, kind: Kind) -> bool:
    """The gateway has told of this movement before."""
    told = ((entry.gateway_ref, entry.kind) for entry in order.ledger)
    return cmd.gateway_ref is not None and (cmd.gateway_ref, kind) in told


def _is_checked(cmd: c.PaymentCommand) -> bool:
    return cmd.actor.kind not in guards.FACT_ACTORS


def _body(cmd: c.PaymentCommand, payment_id: str, amount_minor: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "payment_id": payment_id,
        "amount_minor": amount_minor,
        "currency": cmd.currency,
        "gateway_ref": cmd.gateway_ref,
    }
    return body | ({"reason_code": cmd.reason_code} if isinstance(cmd, c.RefundPayment) else {})


def _announced(order: Order, cmd: c.IncomingPayment, payment_id: str, amount: int) -> list[Event]:
    if cmd.method is None or payment_id in by_payment(order):
        return []
    return [
        e.PaymentSubmitted(
            payment_id=payment_id,
            method=cmd.method,
            amount_minor=amount,
            currency=cmd.currency,
        )
    ]


def _payment_is_known(order: Order, payment_id: str | None) -> list[Unmet]:
    known = dict.fromkeys(entry.payment_id for entry in order.ledger)
    if payment_id is None or payment_id in known:
        return []
    return [
        Unmet(
            code="payment_unknown",
            field="payment_id",
            message=f"The order has no payment {payment_id}",
            needed="one of " + (", ".join(known) or "none: submit it first"),
        )
    ]


def _money_is_there(order: Order, payment_id: str, amount: int) -> list[Unmet]:
    """Nobody gives back more than came in."""
    held = balance(order.ledger, payment_id).paid_minor
    return [] if amount <= held else [too_much(amount, held)]


PAYMENT_DECISIONS: dict[Any, Callable[..., Verdict]] = {
    c.SubmitPayment: submit,
    c.AuthorisePayment: _taken("authorised", e.PaymentAuthorised),
    c.ChargePayment: _taken("charged", e.PaymentCharged),
    c.RefundPayment: _returned("refunded", e.PaymentRefunded),
    c.ChargeBackPayment: _returned("charged_back", e.PaymentChargedBack),
}
