"""Everything that can have happened to a customer. Stored names are contracts for ever.

Names and contacts are personal: sealed with the customer's own key, the one that seals the orders
of this customer too. When it happened stands in the envelope (occurred_at).
"""

from typing import ClassVar, Final, get_args
from uuid import UUID

from domain.messages import Code, Event, Name, Personal

FIELDS: Final = ("name", "phone", "email", "address")  # how a customer is called and reached


class CustomerCreated(Event):
    """Fact: somebody is known to the shop: by an order, by an enquiry, or because we were told."""

    NAME: ClassVar[str] = "customer.created.v1"

    customer_id: Name
    name: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None
    address: Personal | None = None


class ContactChanged(Event):
    """Fact: the customer is called or reached otherwise. Only the named fields, None clears."""

    NAME: ClassVar[str] = "customer.contact_changed.v1"

    changed: tuple[Name, ...]
    name: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None
    address: Personal | None = None


class TagAdded(Event):
    """Fact: the customer belongs to those who bear this tag."""

    NAME: ClassVar[str] = "customer.tag_added.v1"

    tag: Code


class TagRemoved(Event):
    """Fact: the customer no longer belongs to those who bear this tag."""

    NAME: ClassVar[str] = "customer.tag_removed.v1"

    tag: Code


class MarkSet(Event):
    """Fact: the shop is warned of the customer, as of one who did not buy out: `bad`."""

    NAME: ClassVar[str] = "customer.mark_set.v1"

    mark: Code
    reason_code: Code


class MarkRemoved(Event):
    """Fact: the warning does not hold any more."""

    NAME: ClassVar[str] = "customer.mark_removed.v1"

    mark: Code
    reason_code: Code


class CustomerNoted(Event):
    """Fact: somebody wrote something about the customer."""

    NAME: ClassVar[str] = "customer.noted.v1"

    text: Personal


class CustomerErased(Event):
    """Fact: the keys of all that is personal of the customer were destroyed with this event.

    Who wanted it stands in the envelope. Its reason is sealed with a key of the customer's stream,
    not of the person: it stays readable, and is no place for names.
    """

    NAME: ClassVar[str] = "customer.erased.v1"

    customer_id: Name
    reason_code: Code
    orders: tuple[UUID, ...] = ()  # of the customer: what downstream knows of them is told anew


CustomerEvent = (
    CustomerCreated
    | ContactChanged
    | TagAdded
    | TagRemoved
    | MarkSet
    | MarkRemoved
    | CustomerNoted
    | CustomerErased
)

CUSTOMER_EVENTS: tuple[type[Event], ...] = get_args(CustomerEvent)


def customer_stream(customer_id: str) -> str:
    """Give the stream of a customer."""
    return f"customer-{customer_id}"


def customer_of(stream_id: str) -> str | None:
    """Give the customer whose stream it is; None for any other stream."""
    category, _, customer_id = stream_id.partition("-")
    return customer_id if category == "customer" else None
