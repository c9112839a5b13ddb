"""What a payment command leaves open, the payment or the amount, chosen from the ledger.

Whoever decides is asked where nothing fits, or several do. What a gateway tells has happened: it
goes to the payment of its reference, else to one that fits, else it is a payment of its own, also a
refund that comes before its charge. Called by decide_payments only.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from domain.hints import one_of
from domain.messages import is_key
from domain.orders import commands as c
from domain.orders import guards
from domain.orders.ledger import Balance, balance, balances, payments_of
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
    sums = _by_payment(order, cmd)
    waiting = list(_waiting(sums, cmd, amount))
    if is_of_gateway(cmd):
        # Of equal ones any will do: they wait for the same.
        fits = waiting[0] if waiting else _authorised_for_more(sums, cmd, amount)
        return _of_reference(order, cmd) or fits or free_name(order), amount
    if len(waiting) > 1:
        return _ambiguous(waiting)
    if not waiting and cmd.method is None:
        needed = "a payment_id, or a method: then it is announced at once"
        return unknown(f"payment of {amount} that waits", needed)
    return waiting[0] if waiting else free_name(order), amount


def to_return(order: Order, cmd: c.ReturnedPayment) -> Chosen | Unmet:
    """The one payment that holds so much; all of it, if no amount is named."""
    payment_id = cmd.payment_id
    if is_of_gateway(cmd) and cmd.amount_minor is not None:
        return payment_id or _giving_back(order, cmd, cmd.amount_minor), cmd.amount_minor
    held = held_by_payment(order, cmd)
    if payment_id is None:
        enough = [name for name, minor in held.items() if minor >= (cmd.amount_minor or 1)]
        if len(enough) > 1:
            return _ambiguous(enough)
        if not enough:
            return too_much(cmd.amount_minor, max(held.values(), default=0))
        payment_id = enough[0]
    paid = held.get(payment_id, 0)
    amount = cmd.amount_minor or paid
    return (payment_id, amount) if amount > 0 else too_much(None, paid)


def _waiting(sums: Mapping[str, Balance], cmd: c.IncomingPayment, amount: int) -> Iterator[str]:
    """Name the payments that wait for just this: a charge for what is authorised comes first."""
    taken = {name for name, s in sums.items() if s.charged_minor}
    if isinstance(cmd, c.AuthorisePayment):
        taken |= {name for name, s in sums.items() if s.authorised_minor}
    else:
        authorised = [name for name, minor in _authorised(sums) if minor == amount]
        yield from authorised
        taken |= {*authorised}
    yield from (n for n, s in sums.items() if s.submitted_minor == amount and n not in taken)


def _authorised_for_more(
    sums: Mapping[str, Balance], cmd: c.IncomingPayment, amount: int
) -> str | None:
    """Name the one payment of which a charge can be a part."""
    if isinstance(cmd, c.AuthorisePayment):
        return None
    return _only([name for name, minor in _authorised(sums) if minor > amount])


def _authorised(sums: Mapping[str, Balance]) -> Iterator[tuple[str, int]]:
    """Give what of each payment is authorised and has not come in yet."""
    return ((name, s.authorised_minor - s.charged_minor) for name, s in sums.items())


def _giving_back(order: Order, cmd: c.ReturnedPayment, amount: int) -> str:
    """Name the payment that a gateway took it from, as far as it can be told."""
    held = {name: s.paid_minor for name, s in _by_payment(order, cmd).items()}
    whole = [name for name, minor in held.items() if minor == amount]
    enough = [name for name, minor in held.items() if minor >= amount]
    return _of_reference(order, cmd) or _only(whole) or _only(enough) or free_name(order)


def _of_reference(order: Order, cmd: c.PaymentCommand) -> str | None:
    """Name the payment of which the gateway has told under the same reference."""
    told = (e for e in order.ledger if e.gateway_ref == cmd.gateway_ref)
    return next((e.payment_id for e in told), None)


def is_of_gateway(cmd: c.PaymentCommand) -> bool:
    """Whether it tells of a movement that another system has made, and names it."""
    return cmd.gateway_ref is not None and guards.tells_fact(cmd)


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _by_payment(order: Order, cmd: c.PaymentCommand) -> dict[str, Balance]:
    """Sum the ledger of each payment."""
    return balances(order.ledger, _currency(order, cmd))


def held_by_payment(order: Order, cmd: c.PaymentCommand) -> dict[str, int]:
    """Give what can go back of each payment, in minor units: of all of them no more than came in.

    A return that a gateway told may be a payment of its own, and is missing from the order then.
    """
    whole = balance(order.ledger, _currency(order, cmd)).paid_minor
    return {name: min(whole, sums.paid_minor) for name, sums in _by_payment(order, cmd).items()}


def _currency(order: Order, cmd: c.PaymentCommand) -> str:
    """A fact speaks of its own currency; others of the order's, or are refused."""
    return cmd.currency if guards.tells_fact(cmd) else order.currency or cmd.currency


def free_name(order: Order) -> str:
    """Give a new payment its id: payment-1, payment-2, …; no annulled one has it either."""
    names = payments_of((*order.ledger, *order.voided))
    return next(name for n in count(len(names) + 1) if (name := f"payment-{n}") not in names)


def still_due(order: Order) -> int | Unmet:
    """Give what has yet to come in, in minor units."""
    if order.owed_minor > 0:
        return order.owed_minor
    paid, went_back = max(order.balance.paid_minor, 0), order.balance.refunded_minor
    sent_back = f", {went_back} were sent back" if went_back else ""
    return Unmet(
        code="nothing_due",
        field="amount_minor",
        message="Nothing is due any more:"
        f" {paid} of {order.due_minor} minor units are paid{sent_back}",
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
        message = f"{amount} is more than the {held} that can go back"
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
        needed=one_of(names, "a payment_id", is_key),
    )
