"""Where an order starts, and the payment that comes with it. Called when one is placed."""

from collections.abc import Sequence
from datetime import datetime

from domain.facts import Facts
from domain.messages import Event, Foreseen
from domain.orders import events as e
from domain.orders.commands import PlaceOrder
from domain.orders.context import Situation
from domain.orders.money import Totals
from domain.orders.order import Order
from domain.paths.path import OrderPath


def placed_payment(cmd: PlaceOrder, totals: Totals) -> list[Event]:
    """Give the events of a payment that is told with the order: announced, and charged if it is."""
    payment = cmd.payment
    if payment is None:
        return []
    amount = totals.total_minor if payment.amount_minor is None else payment.amount_minor
    told = {"payment_id": "payment-1", "amount_minor": amount, "currency": cmd.currency}
    events: list[Event] = [e.PaymentSubmitted(**told, method=payment.method)]
    if payment.charged:
        events.append(e.PaymentCharged(**told, gateway_ref=payment.gateway_ref))
    return events


def first_status(
    path: OrderPath, events: Sequence[Event], cmd: PlaceOrder, facts: Facts, at: datetime
) -> str:
    """Name the first initial status whose condition holds for the order as it is placed.

    A condition without an answer does not hold. The last one has none: every order starts.
    """
    order = Order()
    for version, event in enumerate(events, 1):
        order = order.evolve(Foreseen(event, version, at))
    situation = Situation(cmd.order_id, order, path, cmd.actor, at, facts, placing=True)
    starts = [(start.when, start.status) for start in path.initial if start.when is not None]
    answers = situation.answers([when for when, _ in starts])
    holding = (
        status for (_, status), answer in zip(starts, answers, strict=True) if answer is True
    )
    return next(holding, path.initial[-1].status)
