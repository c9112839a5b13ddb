"""Decisions about payments. A person or a rule is checked; what a gateway reports is a fact,
however odd. What a command leaves open is chosen first.

A gateway's reference names a movement. The same again, as much of the same currency, is nothing,
whichever payment it names and also where it was annulled meanwhile. Another amount under a known
reference is booked as well: gateways take and return in parts under one reference, money that moved
is never left out of the books, and they are the same in whatever order both are told. If it was a
correction, the order shows as overpaid or refunded too much, and the wrong fact is annulled. People
who name a known reference with something else are refused: they can look.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.hints import one_of
from domain.messages import Event, Verdict, is_key, named
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.ledger import LedgerEntry, payments_of
from domain.orders.order import Order
from domain.orders.path_rights import payment_may_be_made
from domain.orders.payment_choice import (
    free_name,
    held_by_payment,
    is_of_gateway,
    still_due,
    to_return,
    to_take,
    too_much,
    unknown,
)
from domain.paths.path import OrderPath
from domain.refusals import Unmet


def decide(
    order: Order, cmd: c.SubmitPayment | c.PaymentCommand | c.GrantRefund, path: OrderPath | None
) -> Verdict:
    """Decide whatever is asked of an order's payments."""
    closed = list(payment_may_be_made(cmd, path))
    match cmd:
        case c.SubmitPayment():
            events, unmet = _submit(order, cmd)
        case c.IncomingPayment():
            events, unmet = _take(order, cmd)
        case c.ReturnedPayment():
            events, unmet = _give_back(order, cmd)
        case c.GrantRefund():
            events, unmet = _promise(order, cmd)
        case _:
            raise TypeError(f"{type(cmd).__name__} moves no money")
    return events, [*closed, *unmet] if events or unmet else []


def _submit(order: Order, cmd: c.SubmitPayment) -> Verdict:
    unmet = list(guards.same_currency(order, cmd))
    fact = guards.tells_fact(cmd)
    known = [
        entry
        for entry in (*order.ledger, *(order.voided if fact else ()))
        if (entry.payment_id, entry.kind) == (cmd.payment_id, "submitted")
    ]
    for entry in known:
        same_money = entry.currency == cmd.currency or not fact
        if same_money and cmd.amount_minor in (None, entry.amount_minor):
            return [], unmet
    if known and not fact:
        message = "The payment was submitted with another amount"
        unmet.append(Unmet(code="payment_exists", field="payment_id", message=message))
        return [], unmet
    amount = still_due(order) if cmd.amount_minor is None else cmd.amount_minor
    if isinstance(amount, Unmet):
        return [], [*unmet, amount]
    event = e.PaymentSubmitted(
        payment_id=cmd.payment_id or free_name(order),
        method=cmd.method,
        amount_minor=amount,
        currency=cmd.currency,
        installments=cmd.installments,
    )
    return [event], unmet


def _take(order: Order, cmd: c.IncomingPayment) -> Verdict:
    """Book money on its way to us."""
    if _is_told(order, cmd):
        return [], []
    unmet = [*guards.same_currency(order, cmd), *_contradiction(order, cmd)]
    if not guards.tells_fact(cmd) and cmd.method is None:
        unmet += _payment_is_known(order, cmd.payment_id)
    chosen = to_take(order, cmd)
    if isinstance(chosen, Unmet):
        return [], [*unmet, chosen]
    return [*_announced(order, cmd, *chosen), _movement(cmd, *chosen)], unmet


def _give_back(order: Order, cmd: c.ReturnedPayment) -> Verdict:
    """Book money on its way back."""
    if _is_told(order, cmd):
        return [], []
    unmet = [*guards.same_currency(order, cmd), *_contradiction(order, cmd)]
    if not guards.tells_fact(cmd):
        unmet += _payment_is_known(order, cmd.payment_id)
    chosen = to_return(order, cmd)
    if isinstance(chosen, Unmet):
        return [], [*unmet, chosen]
    if not guards.tells_fact(cmd):
        unmet += _money_is_there(order, cmd, *chosen)
    return [_movement(cmd, *chosen)], unmet


def _promise(order: Order, cmd: c.GrantRefund) -> Verdict:
    """Set how much shall go back in all; nobody promises more than came in."""
    unmet = list(guards.same_currency(order, cmd))
    total = order.balance
    came_in = total.paid_minor + total.refunded_minor
    if cmd.amount_minor is None and came_in <= 0:
        return [], [*unmet, too_much(None, 0)]
    amount = came_in if cmd.amount_minor is None else cmd.amount_minor
    if amount == total.granted_minor:
        return [], unmet
    if amount > max(came_in, 0):
        unmet.append(
            Unmet(
                code="grant_exceeds_paid",
                field="amount_minor",
                message=f"{amount} is more than the {came_in} that came in",
                needed=f"at most {max(came_in, 0)}",
            )
        )
    event = e.RefundGranted(
        amount_minor=amount - total.granted_minor,
        currency=cmd.currency,
        reason_code=cmd.reason_code,
    )
    return [event], unmet


def _is_told(order: Order, cmd: c.PaymentCommand) -> bool:
    """Whether this very movement is known, even if it was annulled since."""
    return any(_agrees(cmd, entry) for entry in _known(cmd, (*order.ledger, *order.voided)))


def _contradiction(order: Order, cmd: c.PaymentCommand) -> Iterator[Unmet]:
    if is_of_gateway(cmd):
        return
    for entry in _known(cmd, order.ledger):
        yield Unmet(
            code="movement_contradicts",
            field="gateway_ref",
            message=f"The reference is known as {entry.amount_minor} {entry.currency} of"
            f" {named('payment', entry.payment_id or '')} (event {entry.version})",
            needed="a reference of its own; or annul that event, if it is the wrong one",
        )


def _known(cmd: c.PaymentCommand, entries: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    if cmd.gateway_ref is not None:
        for entry in entries:
            if (entry.gateway_ref, entry.kind) == (cmd.gateway_ref, cmd.KIND):
                yield entry


def _agrees(cmd: c.PaymentCommand, entry: LedgerEntry) -> bool:
    return (
        (cmd.payment_id in (None, entry.payment_id) or is_of_gateway(cmd))
        and cmd.amount_minor in (None, entry.amount_minor)
        and cmd.currency == entry.currency
    )


def _movement(cmd: c.PaymentCommand, payment_id: str, amount_minor: int) -> Event:
    body: dict[str, Any] = {
        "payment_id": payment_id,
        "amount_minor": amount_minor,
        "currency": cmd.currency,
        "gateway_ref": cmd.gateway_ref,
    }
    if isinstance(cmd, c.RefundPayment):
        body["reason_code"] = cmd.reason_code
    return e.PAYMENT_EVENTS[cmd.KIND](**body)


def _announced(order: Order, cmd: c.IncomingPayment, payment_id: str, amount: int) -> list[Event]:
    if cmd.method is None or payment_id in payments_of(order.ledger):
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
    known = payments_of(order.ledger)
    if payment_id is None or payment_id in known:
        return []
    return [unknown(named("payment", payment_id), one_of(known, "submit it first", is_key))]


def _money_is_there(
    order: Order, cmd: c.ReturnedPayment, payment_id: str, amount: int
) -> list[Unmet]:
    """Nobody gives back more than came in."""
    held = held_by_payment(order, cmd).get(payment_id, 0)
    return [] if amount <= held else [too_much(amount, held)]
