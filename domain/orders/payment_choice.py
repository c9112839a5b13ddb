"""What a payment command leaves open, the payment or the amount, chosen from the ledger.

Whoever decides is asked where nothing fits, or several do. What a gateway tells has happened: it
goes to the one payment that fits, else it is a payment of its own, also a refund that comes before
its charge. Which payment it is changes no sum of the order. Called by decide_payments only.
"""

from collections.abc import Iterable
from itertools import count

from domain.orders import commands as c
from domain.orders import guards
from domain.orders.ledger import Balance, balance, payments_of
from domain.orders.order import Order
from domain.refusals import Unmet

Chosen = tuple[str, int]  # payment id, amount in minor units


def to_take(order: Order, cmd: c.IncomingPayment) -> Chosen | Unmet:
    """The payment that waits for just this amount; a new one for money that nobody announced."""
    amount = cmd.amount_minor or still_due(order)
    if isinstance(amount, Unmet):
        return amount
    if cmd.payment_id is not None:
        return cmd.payment_id, amount
    sums = by_payment(order, cmd)
    waiting = [
        name for name, s in sums.items() if s.submitted_minor == amount and not s.charged_minor
    ]
    if is_of_gateway(cmd):
        return _only(waiting) or free_name(order), amount
    if len(waiting) > 1:
        return _ambiguous(waiting)
    if not waiting and cmd.method is None:
        needed = "a payment_id, or a method: then it is announced at once"
        return unknown(f"payment of {amount} that waits", needed)
    return waiting[0] if waiting else free_name(order), amount


def to_return(order: Order, cmd: c.ReturnedPayment) -> Chosen | Unmet:
    """The one payment that holds so much; all of it, if no amount is named."""
    payment_id = cmd.payment_id
    if payment_id is None:
        held = {name: s.paid_minor for name, s in by_payment(order, cmd).items()}
        enough = [name for name, minor in held.items() if minor >= (cmd.amount_minor or 1)]
        if is_of_gateway(cmd) and cmd.amount_minor is not None:
            whole = [name for name in enough if held[name] == cmd.amount_minor]
            return _only(whole) or _only(enough) or free_name(order), cmd.amount_minor
        if len(enough) > 1:
            return _ambiguous(enough)
        if not enough:
            return too_much(cmd.amount_minor, max(held.values(), default=0))
        payment_id = enough[0]
    paid = held_by(order, cmd, payment_id)
    amount = cmd.amount_minor or paid
    return (payment_id, amount) if amount > 0 else too_much(None, paid)


def is_of_gateway(cmd: c.PaymentCommand) -> bool:
    """Whether it tells of a movement that another system has made, and names it."""
    return cmd.gateway_ref is not None and guards.tells_fact(cmd)


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def by_payment(order: Order, cmd: c.PaymentCommand) -> dict[str, Balance]:
    """Sum the ledger of each payment."""
    currency = _currency(order, cmd)
    return {name: balance(order.ledger, currency, name) for name in payments_of(order.ledger)}


def held_by(order: Order, cmd: c.PaymentCommand, payment_id: str) -> int:
    """Give what one payment holds, in minor units."""
    return balance(order.ledger, _currency(order, cmd), payment_id).paid_minor


def _currency(order: Order, cmd: c.PaymentCommand) -> str:
    """A fact speaks of its own currency; others of the order's, or are refused."""
    return cmd.currency if guards.tells_fact(cmd) else order.currency or cmd.currency


def free_name(order: Order) -> str:
    """Give a new payment its id: payment-1, payment-2, …; no annulled one has it either."""
    names = payments_of((*order.ledger, *order.voided))
    return next(name for n in count(len(names) + 1) if (name := f"payment-{n}") not in names)


def still_due(order: Order) -> int | Unmet:
    """Give what has yet to come in, in minor units; more than the order costs is never due."""
    due, paid = order.due_minor, max(order.balance.paid_minor, 0)
    if due > paid:
        return due - paid
    return Unmet(
        code="nothing_due",
        field="amount_minor",
        message=f"Nothing is due any more: {paid} of {due} minor units are paid",
        needed="an amount, if more than that shall come in",
    )


def unknown(which: str, needed: str) -> Unmet:
    """Refuse a payment that nobody knows."""
    message = f"The order has no {which}"
    return Unmet(code="payment_unknown", field="payment_id", message=message, needed=needed)


def too_much(amount: int | None, held: int) -> Unmet:
    """Refuse to give back more than came in; amount: None where all was meant."""
    message = "No payment holds anything that could go back"
    if amount is not None:
        message = f"{amount} is more than the {held} that one payment holds"
    return Unmet(
        code="amount_exceeds_paid",
        field="amount_minor",
        message=message,
        needed=f"at most {max(held, 0)}",
    )


def _ambiguous(names: Iterable[str]) -> Unmet:
    return Unmet(
        code="payment_ambiguous",
        field="payment_id",
        message="Several payments fit",
        needed="one of " + ", ".join(names),
    )
