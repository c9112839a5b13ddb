"""Commands that are meant for an order only while conditions hold: what rules send is.

They are asked again where the command is decided, so nobody was faster. What an earlier command of
the same rule has made untrue by itself is no reason to stop half way.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.customers.events import customer_stream
from domain.facts import Facts
from domain.messages import Command
from domain.orders.context import Situation
from domain.orders.order import Order
from domain.orders.order_command import OrderCommand
from domain.paths.conditional import compiled


def streams_asked(command: OrderCommand, order: Order) -> Iterator[str]:
    """Name what the conditions read besides the order."""
    asks = any("customer" in compiled(source).reads for source in command.only_if)
    if asks and order.subject_id is not None:
        yield customer_stream(order.subject_id)


def earlier_than(command: Command) -> frozenset[UUID]:
    """Name the commands whose answers the conditions depend on."""
    if not isinstance(command, OrderCommand) or not command.spent_by:
        return frozenset()
    return frozenset(one for ids in command.spent_by.values() for one in ids)


def still_holds(command: OrderCommand, order: Order, facts: Facts, now: datetime) -> bool:
    """Whether all conditions of a command hold that are not spent; one that cannot be answered does
    not.
    """
    path = facts.paths.get(order.pinned)
    asked = [one for one in command.only_if if not _is_spent(one, command, facts)]
    if not asked:
        return True
    if path is None:
        return False
    at = max(now, order.last_occurred_at or now)
    situation = Situation(command.order_id, order, path, command.actor, at, facts)
    return all(situation.answers(asked))


def _is_spent(condition: str, command: OrderCommand, facts: Facts) -> bool:
    return not facts.accepted.isdisjoint(command.spent_by.get(condition, ()))
