"""How far a command reaches: orders that its actor does not reach are not there for it.

Called by services.rounds with the states that a command reads, so nobody is faster than the check.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.customers.commands import EraseCustomer
from domain.messages import Command
from domain.orders.commands import MarkTest, PlaceOrder, RecordFacts
from domain.orders.order import Order
from domain.refusals import Denied, Unmet
from domain.roles.rights import missing_at
from domain.sights import Place, Region


def place_of(order: Order) -> Place:
    """Say where an order belongs."""
    placed = order.placed
    if placed is None:
        return Place(test=order.test)
    return Place(placed.shop, placed.order_type, placed.channel, order.test)


def out_of_reach(
    command: Command, streams: Iterable[str], states: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the orders among the streams that the actor does not reach, as if they were not there.

    Raises: Denied for a command that would make, or turn, an order into one of these, or erase a
            person, who may have such
    """
    reach = command.actor.reach
    if reach is None:
        return {}
    hidden: dict[str, Any] = {
        stream: Order()
        for stream in streams
        if isinstance(state := states.get(stream), Order)
        and state.exists
        and not _holds(reach, place_of(state))
    }
    _check_made(command, reach, states, hidden)
    return hidden


def _check_made(
    command: Command,
    reach: tuple[Region, ...],
    states: Mapping[str, Any],
    hidden: Mapping[str, Any],
) -> None:
    place: Place | None = None
    match command:
        case PlaceOrder():
            place = placed_at(command)
        case RecordFacts() if command.stream_id in hidden or not states[command.stream_id].exists:
            raise Denied(
                Unmet(
                    code="facts_not_permitted",
                    message="Your roles do not reach all orders, and facts may make new ones",
                    needed="a role that reaches all orders",
                )
            )
        case EraseCustomer():
            raise Denied(
                Unmet(
                    code="erasure_not_permitted",
                    message="Your roles do not reach all orders, and all of a person is erased",
                    needed="a role that reaches all orders, test orders too",
                )
            )
        case MarkTest() if command.stream_id not in hidden:
            before = place_of(states[command.stream_id])
            place = Place(before.shop, before.order_type, before.channel, command.test)
        case _:
            pass
    if place is not None and not _holds(reach, place):
        raise Denied(*missing_at(reach, place))
    if isinstance(command, PlaceOrder) and command.stream_id in hidden:
        raise Denied(*missing_at(reach, place_of(states[command.stream_id])))


def placed_at(command: PlaceOrder) -> Place:
    """Say where an order would belong."""
    return Place(command.shop, command.order_type, command.channel, command.test)


def _holds(reach: tuple[Region, ...], place: Place) -> bool:
    return any(region.holds(place) for region in reach)
