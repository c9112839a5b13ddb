"""How far a command reaches: orders that its actor does not reach are not there for it, and neither
are the tasks, alerts, messages and enquiries that are about these, and customers who are strangers.

Called by services.rounds with the states that a command reads, so nobody is faster than the check.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.alerts.alert import Alert
from domain.alerts.commands import RaiseAlert
from domain.customers.commands import CreateCustomer, EraseCustomer
from domain.effects.commands import RequestEffect
from domain.effects.effect import Effect
from domain.enquiries.commands import RecordEnquiry
from domain.enquiries.enquiry import Enquiry
from domain.messages import Command
from domain.orders.commands import MarkTest, PlaceOrder, RecordFacts
from domain.orders.events import stream_of
from domain.orders.guards import order_exists
from domain.orders.order import Order
from domain.paths.asked import CommandAboutOrder
from domain.refusals import Denied, Refusal, Unmet
from domain.roles.persons import check_person, is_of_stranger, strangers_to
from domain.roles.rights import missing_at
from domain.sights import Place, Region
from domain.tasks.commands import CreateTask
from domain.tasks.task import Task

_AboutOrder = Task | Alert | Effect | Enquiry  # or about none


def place_of(order: Order) -> Place:
    """Say where an order belongs."""
    placed = order.placed
    if placed is None:
        return Place(test=order.test)
    return Place(placed.shop, placed.order_type, placed.channel, order.test)


def orders_beside(
    command: Command, streams: Sequence[str], states: Mapping[str, Any]
) -> tuple[str, ...]:
    """Name the orders that decide whether the actor reaches what a command is about."""
    if command.actor.reach is None:
        return ()
    about = [one.order_id for one in map(states.get, streams) if isinstance(one, _AboutOrder)]
    if isinstance(command, CommandAboutOrder):
        about.append(command.order_id)
    return tuple(dict.fromkeys(stream_of(one) for one in about if one is not None))


def checked(command: Command, states: Mapping[str, Any]) -> Command:
    """Give the command, if the order is there that a command to something else is about, and whom
    it names is no stranger. For who reaches all orders neither need be.

    Raises: Refusal
    """
    if command.actor.reach is None:
        return command
    check_person(command)
    if isinstance(command, CommandAboutOrder) and command.order_id is not None:
        unmet = [*order_exists(states[stream_of(command.order_id)], command.order_id)]
        if unmet:
            raise Refusal(*unmet)
    return command


def out_of_reach(
    command: Command, streams: Sequence[str], states: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what the actor does not reach among the streams, as if it were not there.

    What a command makes is what it is: that there is one already is no news to who knows its id.

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
    strangers = strangers_to(command.actor)
    hidden |= {
        stream: type(state)()
        for stream in streams
        if (state := states.get(stream)) is not None
        and (is_of_stranger(strangers, stream, state) or _is_about(state, hidden))
        and not _makes(command, stream)
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


def _is_about(state: object, hidden: Mapping[str, Any]) -> bool:
    """Whether it is about an order that is hidden."""
    if not isinstance(state, _AboutOrder) or state.order_id is None:
        return False
    return stream_of(state.order_id) in hidden


def _makes(command: Command, stream: str) -> bool:
    return isinstance(command, _MAKING) and command.stream_id == stream


_MAKING = (CreateCustomer, CreateTask, RaiseAlert, RequestEffect, RecordEnquiry)


def placed_at(command: PlaceOrder) -> Place:
    """Say where an order would belong."""
    return Place(command.shop, command.order_type, command.channel, command.test)


def _holds(reach: tuple[Region, ...], place: Place) -> bool:
    return any(region.holds(place) for region in reach)
