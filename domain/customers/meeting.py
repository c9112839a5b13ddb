"""What an order or an enquiry tells of whoever is behind it: a customer, or more of a known one.

It adds what was not known and never replaces what was: a number that was mistyped, or is a
friend's, changes nobody. What differs stays with the order or the enquiry that says so. A person
changes a customer, by a command.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.customer import Customer
from domain.customers.events import ContactChanged, CustomerCreated, customer_stream
from domain.messages import Decided
from domain.orders.events import Customer as Contact


def streams_met(contact: Contact | None) -> tuple[str, ...]:
    """Name the stream of whom a contact is; none where nothing is said, or nobody knows who."""
    if contact is None or contact.customer_id is None or not _told(contact):
        return ()
    return (customer_stream(contact.customer_id),)


def meet(
    contact: Contact | None, states: Mapping[str, Any], at: datetime
) -> dict[str, list[Decided]]:
    """Give what is new of the customer, by stream."""
    return {
        stream: _met(states[stream], contact, at)
        for stream in streams_met(contact)
        if contact is not None
    }


def _met(customer: Customer, contact: Contact, at: datetime) -> list[Decided]:
    told = _told(contact)
    if not customer.exists:
        created = CustomerCreated(customer_id=contact.customer_id or "", **told)
        return [Decided(created, at)]
    news = {name: value for name, value in told.items() if name not in customer.contact}
    if not news:
        return []
    changed = ContactChanged(changed=tuple(news), **news)
    return [Decided(changed, max(at, customer.last_occurred_at or at))]


def _told(contact: Contact) -> dict[str, str]:
    told = {"name": contact.name, "phone": contact.phone, "email": contact.email}
    return {name: value for name, value in told.items() if value and value.strip()}
