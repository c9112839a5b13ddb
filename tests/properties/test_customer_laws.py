"""The read models of customers and enquiries say what the aggregates say, in whatever pieces the
events come; what is already so is nothing.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.catalog import empty_state
from domain.customers import commands as c
from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.enquiries import commands as q
from domain.enquiries.enquiry import Enquiry
from domain.messages import Command
from domain.orders import commands as orders
from domain.orders.events import Customer as Contact
from tests.integration.projections.world import World, open_world
from tests.support.examples import TEA, actor

EXAMPLES = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
numbers = count(1)
texts = st.sampled_from(["Anna", "Boris", "1"])
labels = st.sampled_from(["bad", "vip"])
whys = st.sampled_from(["seen", "settled"])
contacts = st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "phone", "email"), texts))
wishes: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just(c.CreateCustomer), contacts.filter(bool)),
    st.tuples(st.just(c.ChangeContact), contacts.filter(bool)),
    st.tuples(st.sampled_from([c.AddTag, c.RemoveTag]), st.fixed_dictionaries({"tag": labels})),
    st.tuples(
        st.sampled_from([c.SetMark, c.RemoveMark]),
        st.fixed_dictionaries({"mark": labels, "reason_code": whys}),
    ),
    st.tuples(st.just(c.NoteCustomer), st.fixed_dictionaries({"text": texts})),
    st.tuples(st.just(q.RecordEnquiry), contacts),
    st.tuples(st.just(q.CloseEnquiry), st.fixed_dictionaries({"reason_code": whys})),
    st.tuples(st.just(orders.PlaceOrder), contacts, st.booleans()),
)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def command_of(wish: tuple[Any, ...], customer_id: str, enquiry_id: UUID) -> Command:
    """Make the command: all are about one customer and one enquiry."""
    kind, body, *asked = wish
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor()}
    if issubclass(kind, c.CustomerCommand):
        who |= {"customer_id": customer_id, **body}
    elif kind is q.CloseEnquiry:
        who |= {"enquiry_id": enquiry_id, **body}
    elif kind is q.RecordEnquiry:
        contact = Contact(customer_id=customer_id, **body)
        who |= {"enquiry_id": enquiry_id, "text": "Tea?", "customer": contact}
    else:
        goods = {"path": "shop", "currency": "EUR", "lines": (TEA,), "order_id": uuid4()}
        contact = Contact(customer_id=customer_id, **body)
        who |= goods | {"customer": contact, "enquiry_id": enquiry_id if asked[0] else None}
    command: Command = kind.model_validate(who)
    return command


def state_of(world: World, stream: str) -> Any:
    """The aggregate, from its events."""
    state: Any = empty_state(stream)
    for recorded in world.pipeline_log.load({stream: 0})[stream]:
        state = state.evolve(recorded)
    return state


@EXAMPLES
@given(script=st.lists(wishes, max_size=20), batch_events=st.integers(1, 9))
def test_p5_v17_the_read_models_say_what_the_aggregates_say(
    world: World, script: list[tuple[Any, ...]], batch_events: int
) -> None:
    number = next(numbers)
    customer_id, enquiry_id = f"c-{number}", UUID(int=number)
    for wish in script:
        command = command_of(wish, customer_id, enquiry_id)
        first, again = world.send(command, command)
        if isinstance(command, orders.PlaceOrder | q.RecordEnquiry):
            assert again.kind == "refused"
        elif first.kind != "refused" and not isinstance(command, c.NoteCustomer):
            assert again.kind == ("refused" if isinstance(command, c.CreateCustomer) else "nothing")
    world.follower(batch_events).catch_up()

    customer: Customer = state_of(world, customer_stream(customer_id))
    told = world.query(
        "select tags, marks from analytics.customers where customer_id = %s", customer_id
    )
    expected = [(list(customer.tags), list(customer.marks))] if customer.exists else []
    assert told == expected
    enquiry: Enquiry = state_of(world, f"enquiry-{enquiry_id}")
    asked = world.query(
        "select state = 'closed', order_id from analytics.enquiries where enquiry_id = %s",
        enquiry_id,
    )
    assert asked == ([(enquiry.closed, enquiry.order_id)] if enquiry.exists else [])
