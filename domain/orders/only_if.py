"""Commands that are meant for an order only while conditions hold: what rules send is.

They are asked again where the command is decided, so nobody was faster.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.customers.events import customer_stream
from domain.facts import Facts
from domain.orders.context import Situation
from domain.orders.order import Order
from domain.orders.order_command import OrderCommand
from domain.paths.conditional import compiled


def streams_asked(command: OrderCommand, order: Order) -> Iterator[str]:
    """Name what the conditions read besides the order."""
    asks = any("customer" in compiled(source).reads for source in command.only_if)
    if asks and order.subject_id is not None:
        yield customer_stream(order.subject_id)


def still_holds(command: OrderCommand, order: Order, facts: Facts, now: datetime) -> bool:
    """Whether all conditions of a command hold; one that cannot be answered does not."""
    path = facts.paths.get(order.pinned)
    if not command.only_if:
        return True
    if path is None:
        return False
    at = max(now, order.last_occurred_at or now)
    situation = Situation(command.order_id, order, path, command.actor, at, facts)
    return all(situation.answers(command.only_if))
