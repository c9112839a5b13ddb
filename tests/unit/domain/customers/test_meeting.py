"""Who orders or asks becomes a customer, within the same decision."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.catalog import streams_of
from domain.customers import events as e
from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.customers.meeting import meet
from domain.messages import Decided
from domain.orders import commands as c
from domain.orders.events import Customer as Contact
from domain.orders.events import OrderPlaced
from tests.support.examples import COMMANDS, CUSTOMER_STREAM, NOW, ORDER_ID, TEA, actor
from tests.support.spec import Stored, given

KNOWN = e.CustomerCreated(customer_id="c-7", name="Anna", phone="1")


def order(**who: str) -> c.PlaceOrder:
    return c.PlaceOrder(
        command_id=UUID(int=2),
        actor=actor(),
        order_id=ORDER_ID,
        path="shop",
        currency="EUR",
        lines=(TEA,),
        customer=Contact(**who) if who else None,
    )


def told(command: c.PlaceOrder, *history: Any) -> list[Any]:
    """What is told of the customer beside the order that is placed."""
    placed, *more = given(*history).when(command).events
    assert isinstance(placed, OrderPlaced)
    return more


def test_v15_who_orders_first_becomes_a_customer() -> None:
    command = order(customer_id="c-7", name="Anna", phone="1", email="a@example.org")

    assert told(command) == [
        e.CustomerCreated(customer_id="c-7", name="Anna", phone="1", email="a@example.org")
    ]
    assert streams_of(command)[-1] == CUSTOMER_STREAM == customer_stream("c-7")


def test_v2_who_is_known_is_found() -> None:
    assert told(order(customer_id="c-7", name="Anna", phone="1"), KNOWN) == []


def test_what_was_not_known_is_added_and_what_was_known_stays() -> None:
    answer = given(KNOWN).when(order(customer_id="c-7", phone="2", email="a@example.org"))

    answer.then(answer.events[0], e.ContactChanged(changed=("email",), email="a@example.org"))
    assert answer.customer.contact == {"name": "Anna", "phone": "1", "email": "a@example.org"}
    assert answer.order.field_value("customer_phone") == "2"


@pytest.mark.parametrize(
    "who", [{}, {"customer_id": "c-7"}, {"customer_id": "c-7", "phone": " "}, {"name": "Anna"}]
)
def test_an_order_without_a_contact_or_an_id_makes_nobody_and_reads_nothing_more(
    who: dict[str, str],
) -> None:
    assert told(order(**who)) == []
    assert streams_of(order(**who)) == streams_of(order())


def test_a_refused_order_makes_nobody() -> None:
    refused = given(paths=()).when(order(customer_id="c-7", name="Anna"))

    refused.then_refused("path_unknown")
    assert not refused.customer.exists


def test_imports_make_nobody() -> None:
    answer = given().when(COMMANDS["order.record_facts"])

    assert answer.unmet == ()
    assert not answer.customer.exists


def test_an_order_of_the_past_tells_nothing_before_what_is_known() -> None:
    late = order(customer_id="c-7", email="a@example.org").model_copy(
        update={"actor": actor("api_key"), "occurred_at": NOW - timedelta(days=9)}
    )
    world = given(Decided(KNOWN, NOW)).when(late).world

    times = {stored.event.NAME: stored.occurred_at for _, stored in world.stored}
    assert times["order.placed.v1"] == NOW - timedelta(days=9)
    assert times["customer.contact_changed.v1"] == NOW


texts = st.sampled_from([None, "", " ", "1", "2"])
contacts = st.lists(st.builds(Contact, customer_id=st.just("c-7"), name=texts, phone=texts))


@drawn(contacts)
def test_of_everything_that_was_ever_told_the_first_is_kept_and_telling_it_again_is_nothing(
    said: list[Contact],
) -> None:
    customer, first = Customer(), dict[str, str]()
    for contact in (*said, *said):
        for decided in meet(contact, {CUSTOMER_STREAM: customer}, NOW).get(CUSTOMER_STREAM, ()):
            customer = customer.evolve(Stored(decided.event, customer.version + 1, NOW))
        for name, value in (("name", contact.name), ("phone", contact.phone)):
            if value and value.strip():
                first.setdefault(name, value)

    assert customer.contact == first
    for contact in said:
        assert not any(meet(contact, {CUSTOMER_STREAM: customer}, NOW).values())
