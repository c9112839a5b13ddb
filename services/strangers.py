"""Looks up who of the persons in a command is a stranger to its actor: a customer who has orders,
and none that the actor's roles reach. Asked by services.reception before the command waits.

The tables know it. They are brought to the end of the log before, so what was answered before the
command came counts. An order that is placed, or moved out of reach, between the look and the
decision does not: the person is taken for what he was a moment before.
"""

from contextlib import closing
from typing import TYPE_CHECKING, Any

from domain.effects.events import EffectRequested
from domain.enquiries.events import EnquiryRecorded
from domain.messages import Command
from domain.roles.persons import Acquainted, person_named, stream_naming
from domain.sights import Sight, seen_by
from services.customers import is_stranger
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


def acquainted(system: "System", command: Command) -> Command:
    """Give the command with what its actor does not reach of whom it names.

    Raises: InfraError workers_behind if the tables do not know it in time
    """
    if command.actor.reach is None:
        return command
    with closing(system.another()) as own:
        named = {person_named(command), _person_of(own, stream_naming(command))} - {None}
        if not named:
            return command
        own.catch_up()
        with seen_by(Sight(command.actor.reach)):
            strangers = {one for one in named if one is not None and is_stranger(own, one)}
    known = Acquainted.model_construct(**{**dict(command.actor), "strangers": frozenset(strangers)})
    return command.model_copy(update={"actor": known})


def _person_of(system: "System", stream: str | None) -> str | None:
    """Give the customer of an enquiry or a message: its first event says so, and no other does."""
    events: list[Any] = (
        [] if stream is None else [one.event for one in events_of(system.log, stream)]
    )
    match events[:1]:
        case [EnquiryRecorded(customer=customer)]:
            return customer.customer_id if customer else None
        case [EffectRequested(to=to)]:
            return to.customer_id if to else None
        case _:
            return None
