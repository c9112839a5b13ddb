"""What is asked of customers: whom a name or a contact means, who they are, what changed."""

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from domain.messages import Text
from projections.reports.cursor import behind, name, page_of
from projections.reports.customers import figures_of, list_orders_of
from services.customers import (
    changes_of,
    customer_now,
    find_customer,
    id_by_contact,
    load_customer,
    search_customers,
    view_of,
)
from services.questions.question import Asked, Cursor, Ref, question

if TYPE_CHECKING:
    from services.bootstrap import System

LISTED: Final = 20
CustomerRef = Annotated[
    Ref,
    Field(
        description="the id, or the phone or e-mail of the first order",
        examples=["5b1f2a0e-1a1f-5d0c-9c39-6d1a3b7f6a52"],
    ),
]


class FindCustomers(Asked):
    """Whom a text may mean."""

    text: Annotated[
        Text, Field(description="a surname, a phone number or an e-mail", examples=["Smith"])
    ]
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1_000, description="rows at most")] = LISTED


class CustomerId(Asked):
    """Which customer is meant, if one is known, or which id the contact would get."""

    phone: Text | None = None
    email: Text | None = None


class ShowCustomer(Asked):
    """A customer now."""

    customer: CustomerRef


class CustomerHistory(Asked):
    """What changed a customer."""

    customer: CustomerRef


@question("customer.find", "/customers", reads="tables")
def find(system: "System", asked: FindCustomers) -> dict[str, Any]:
    """Find customers by surname, phone number or e-mail address."""
    (after,) = behind(asked.cursor, name)
    found = search_customers(system, asked.text, asked.limit + 1, after or "")
    found, last = page_of(found, asked.limit, "customer_id")
    with system.snapshot() as reader:
        figures = figures_of(reader, [one["customer_id"] for one in found])
    customers = [one | dict(figures.get(one["customer_id"], {})) for one in found]
    return {"customers": customers, "next": last}


@question("customer.id", "/customer-ids", reads="log", right="customer.find")
def customer_id(system: "System", asked: CustomerId) -> dict[str, Any]:
    """Give the id that a phone number or an e-mail address means, known or not; none to whoever may
    not see such contacts.
    """
    return {"customer_id": id_by_contact(system, asked.phone, asked.email)}


@question("customer.show", "/customers/{customer}", reads="tables")
def show(system: "System", asked: ShowCustomer) -> dict[str, Any]:
    """Show a customer with the latest orders."""
    own = find_customer(system, asked.customer)
    view = view_of(own, customer_now(system, own))
    with system.snapshot() as reader:
        view |= dict(figures_of(reader, [own]).get(own, {}))
        view["latest_orders"] = list_orders_of(reader, own, LISTED)
    return view


@question("customer.history", "/customers/{customer}/history", reads="log")
def history(system: "System", asked: CustomerHistory) -> dict[str, Any]:
    """List who changed what of a customer, when and why."""
    own = find_customer(system, asked.customer)
    changes = changes_of(load_customer(system, own))
    return {"customer_id": own, "changes": [one.as_dict() for one in changes]}
