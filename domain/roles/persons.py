"""Whom a command is about, for actors who reach some of the orders only: a customer who has orders,
and none that they reach, is a stranger to them, and not there.

Who that is stands in the tables: services.strangers looks it up before the command is decided.
"""

from domain.customers.commands import CreateCustomer, CustomerCommand
from domain.customers.customer import Customer
from domain.customers.events import customer_of
from domain.customers.guards import customer_exists, customer_is_new
from domain.effects.commands import EffectCommand, RequestEffect
from domain.effects.effect import Effect
from domain.enquiries.commands import CloseEnquiry, RecordEnquiry
from domain.enquiries.enquiry import Enquiry
from domain.enquiries.events import enquiry_stream
from domain.messages import Actor, Command
from domain.orders.commands import PlaceOrder
from domain.refusals import Refusal


class Acquainted(Actor):
    """An actor of whom it was looked up which of the persons in a command are strangers."""

    strangers: frozenset[str] = frozenset()  # ids of customers


def strangers_to(actor: Actor) -> frozenset[str]:
    """Name the customers of whom it was found that the actor does not reach them."""
    return actor.strangers if isinstance(actor, Acquainted) else frozenset()


def person_named(command: Command) -> str | None:
    """Give the customer whom a command names by the id. A contact names nobody: whoever tells it
    has it, and the person orders where he wants.
    """
    match command:
        case CustomerCommand(customer_id=customer_id):
            return customer_id
        case PlaceOrder(customer=customer) | RecordEnquiry(customer=customer):
            return customer.customer_id if customer else None
        case RequestEffect(to=to):
            return to.customer_id if to else None
        case _:
            return None


def stream_naming(command: Command) -> str | None:
    """Name the enquiry or message that a command is about, and that may be of a customer."""
    match command:
        case PlaceOrder(enquiry_id=enquiry_id) if enquiry_id is not None:
            return enquiry_stream(enquiry_id)
        case CloseEnquiry() | EffectCommand() if not isinstance(command, RequestEffect):
            return command.stream_id
        case _:
            return None


def is_of_stranger(strangers: frozenset[str], stream: str, state: object) -> bool:
    """Whether a stream is a stranger's: the customer, or what such a one asked or is told."""
    match state:
        case Customer():
            return customer_of(stream) in strangers
        case Enquiry(customer=customer):
            return customer is not None and customer.customer_id in strangers
        case Effect():
            return state.order_id is None and state.subject_id in strangers
        case _:
            return False


def check_person(command: Command) -> None:
    """See that whoever is named is no stranger. Raises: Refusal"""
    strangers = strangers_to(command.actor)
    if not strangers or person_named(command) not in strangers:
        return
    if isinstance(command, CreateCustomer):  # That the id is taken cannot be kept secret.
        raise Refusal(*customer_is_new(Customer(made=True)))
    raise Refusal(*customer_exists(Customer()))
