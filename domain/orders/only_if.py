"""Commands that are meant only while conditions of an order hold: what rules send is.

They are asked again where the command is decided, so nobody was faster. What an earlier command of
the same rule has made untrue by itself is no reason to stop half way.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from domain.customers.commands import AddTag, RemoveTag, SetMark
from domain.customers.events import customer_stream
from domain.facts import Facts, PathKey
from domain.messages import Command
from domain.orders.context import Situation
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.orders.order_command import OrderCommand
from domain.paths.asked import AskedCommand, CommandAboutOrder
from domain.paths.conditional import compiled

States = Mapping[str, Any]  # by stream


def order_asked(command: Command) -> tuple[str, ...]:
    """Name the stream of the order that the conditions of a command to another stream are about,
    or whose customer it shall be to.
    """
    if not isinstance(command, CommandAboutOrder) or command.order_id is None:
        return ()
    return (stream_of(command.order_id),) if command.only_if or _is_to_one(command) else ()


def streams_asked(command: Command, states: States) -> Iterator[str]:
    """Name what the conditions read besides the order."""
    if not isinstance(command, AskedCommand) or (asked := _asked(command)) is None:
        return
    whose = states[stream_of(asked)].customer_id
    asks = any("customer" in compiled(source).reads for source in command.only_if)
    if asks and whose is not None:
        yield customer_stream(whose)


def paths_asked(command: Command, states: States) -> tuple[PathKey, ...]:
    """Name the path of the order that the conditions of a command to another stream are about."""
    orders: list[Order] = [states[stream] for stream in order_asked(command)]
    return tuple(order.pinned for order in orders if order.path)


def earlier_than(command: Command) -> frozenset[UUID]:
    """Name the commands whose answers the conditions depend on."""
    if not isinstance(command, AskedCommand) or not (command.spent_by or command.behind):
        return frozenset()
    spending = (one for ids in command.spent_by.values() for one in ids)
    return frozenset(spending if command.behind is None else (*spending, command.behind))


def is_meant(command: Command, states: States, facts: Facts, now: datetime) -> bool:
    """Whether what a command asks holds: that the order still has the customer whom a rule means,
    that another command changed something, and all conditions that are not spent; one that cannot
    be answered does not. Most ask nothing.
    """
    if not isinstance(command, AskedCommand):
        return True
    if _is_to_one(command):
        (stream,) = order_asked(command)
        if states[stream].customer_id != command.customer_id:
            return False
    if command.behind is not None and command.behind not in facts.accepted:
        return False
    asked = [one for one in command.only_if if not _is_spent(one, command, facts)]
    if not asked or (order_id := _asked(command)) is None:
        return True
    order: Order = states[stream_of(order_id)]
    path = facts.paths.get(order.pinned)
    if path is None:
        return False
    at = max(now, order.last_occurred_at or now)
    situation = Situation(order_id, order, path, command.actor, at, facts)
    return all(situation.answers(asked))


def _is_to_one(command: Command) -> TypeGuard[AddTag | RemoveTag | SetMark]:
    """Whether a rule says it to the customer of an order."""
    if not isinstance(command, AddTag | RemoveTag | SetMark):
        return False
    return command.order_id is not None and command.actor.kind == "trigger"


def _asked(command: AskedCommand) -> UUID | None:
    """Give the order that the conditions are about; None: there is nothing to ask."""
    if isinstance(command, OrderCommand | CommandAboutOrder) and command.only_if:
        return command.order_id
    return None


def _is_spent(condition: str, command: AskedCommand, facts: Facts) -> bool:
    return not facts.accepted.isdisjoint(command.spent_by.get(condition, ()))
