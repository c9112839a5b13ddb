"""Who orders is found by phone or e-mail, or becomes a customer, in the order's own transaction."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest

from domain.customers.events import CustomerCreated, customer_stream
from domain.enquiries.commands import RecordEnquiry
from domain.messages import Outcome, Recorded
from domain.orders.commands import PlaceOrder
from domain.orders.events import Customer, OrderPlaced, stream_of
from domain.refusals import InfraError
from infra.contact_ids import ContactIds
from infra.event_log import open_log
from infra.postgres import connect
from infra.vault import Vault
from services.pipeline import body_of
from services.reception import Reception, recognised
from tests.support.loads import now, open_pipeline, place, publish


@contextmanager
def open_reception(url: str) -> Iterator[Reception]:
    """Give a way in with connections of its own, as another process would have."""
    with ExitStack() as closing:
        log = open_log(url)
        closing.callback(log.close)
        reception = Reception(log, now, ContactIds(log.vault, "RU"))
        closing.callback(reception.close)
        yield reception


@pytest.fixture
def shop(database_url: str) -> Iterator[Reception]:
    with open_reception(database_url) as opened:
        opened.execute(publish())
        yield opened


def order(**who: str | None) -> PlaceOrder:
    return place(customer=Customer(**who))


def events(url: str, stream: str) -> list[Recorded]:
    log = open_log(url)
    try:
        return log.load({stream: 0})[stream]
    finally:
        log.close()


def customer_of(url: str, command: PlaceOrder) -> Customer:
    """Whose order it is, as its event says."""
    (placed,) = events(url, stream_of(command.order_id))
    assert isinstance(placed.event, OrderPlaced)
    assert placed.event.customer is not None
    return placed.event.customer


def test_v2_v15_who_calls_again_is_the_same_customer(shop: Reception, database_url: str) -> None:
    first = order(name="Anna Ivanova", phone="+7 900 000-00-00")
    again = order(name="A. Ivanova", phone="8 (900) 000-00-00", email="anna@example.org")

    outcome = shop.execute(first)
    shop.execute(again)

    customer_id = customer_of(database_url, first).customer_id
    assert customer_id is not None
    assert customer_of(database_url, again).customer_id == customer_id
    assert customer_of(database_url, again).phone == "8 (900) 000-00-00"
    stream = customer_stream(customer_id)
    assert outcome.versions == {stream_of(first.order_id): 1, stream: 1}
    assert outcome.events == 2
    created, added = events(database_url, stream)
    assert created.event == CustomerCreated(
        customer_id=customer_id, name="Anna Ivanova", phone="+7 900 000-00-00"
    )
    assert added.event.model_dump(exclude_none=True) == {
        "changed": ("email",), "email": "anna@example.org"
    }  # fmt: skip
    assert created.command_id == first.command_id


async def _soon(shop: Reception, command: PlaceOrder) -> Outcome:
    return await shop.submit_soon(command)


WAYS_IN: dict[str, Callable[[Reception, PlaceOrder], Outcome]] = {
    "execute": lambda shop, command: shop.execute(command),
    "submit": lambda shop, command: shop.submit(command).result(),
    "execute_async": lambda shop, command: asyncio.run(shop.execute_async(command)),
    "submit_soon": lambda shop, command: asyncio.run(_soon(shop, command)),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_v2_who_orders_is_found_whichever_way_the_command_comes_in(
    shop: Reception, database_url: str, way: str
) -> None:
    command = order(name="Anna Ivanova", phone="+7 900 000-00-00")

    outcome = WAYS_IN[way](shop, command)

    customer_id = customer_of(database_url, command).customer_id
    assert customer_id is not None
    assert outcome.versions[customer_stream(customer_id)] == 1


def test_an_address_finds_where_no_number_is_given(shop: Reception, database_url: str) -> None:
    first, again = order(email="Anna@example.org"), order(phone="000", email=" anna@Example.org ")

    for command in (first, again):
        shop.execute(command)

    found = {customer_of(database_url, command).customer_id for command in (first, again)}
    assert len(found) == 1
    assert None not in found


def test_a_customer_id_that_is_given_is_used(shop: Reception, database_url: str) -> None:
    command = order(customer_id="c-9", phone="+7 900 000-00-00")

    shop.execute(command)

    assert customer_of(database_url, command).customer_id == "c-9"
    assert len(events(database_url, "customer-c-9")) == 1


def test_v17_who_asks_and_then_orders_is_the_same_customer(
    shop: Reception, database_url: str
) -> None:
    who = {"command_id": uuid4(), "actor": order().actor, "enquiry_id": uuid4()}
    asked = RecordEnquiry(
        **who, channel="phone", text="Green tea?", customer=Customer(phone="8 900 000-00-00")
    )
    command = place(customer=None, enquiry_id=asked.enquiry_id)

    shop.execute(asked)
    outcome = shop.execute(command)

    customer = customer_of(database_url, command)
    assert customer.phone == "8 900 000-00-00"
    assert len(events(database_url, customer_stream(customer.customer_id or ""))) == 1
    assert set(outcome.versions) == {stream_of(command.order_id), asked.stream_id}


def test_many_callers_of_two_processes_with_one_new_number_make_one_customer(
    shop: Reception, database_url: str
) -> None:
    commands = [order(name="Anna", phone=f"8900000 {n % 3:02} 00") for n in range(48)]
    with open_reception(database_url) as other, ThreadPoolExecutor(16) as callers:
        ways = (shop, other)
        outcomes = list(
            callers.map(lambda n: ways[n % 2].execute(commands[n]), range(len(commands)))
        )

    assert {outcome.kind for outcome in outcomes} == {"accepted"}
    found = {customer_of(database_url, command).customer_id or "" for command in commands}
    assert len(found) == 3
    for customer_id in found:
        assert len(events(database_url, customer_stream(customer_id))) == 1


def test_two_orders_for_one_enquiry_by_two_processes_leave_one(
    shop: Reception, database_url: str
) -> None:
    asked = RecordEnquiry(
        command_id=uuid4(), actor=order().actor, enquiry_id=uuid4(), text="Green tea?"
    )
    shop.execute(asked)
    with open_reception(database_url) as other, ThreadPoolExecutor(8) as callers:
        ways = (shop, other)
        outcomes = list(
            callers.map(lambda n: ways[n % 2].execute(place(enquiry_id=asked.enquiry_id)), range(8))
        )

    kinds = [outcome.kind for outcome in outcomes]
    assert (kinds.count("accepted"), kinds.count("refused")) == (1, 7)
    assert {unmet.code for one in outcomes for unmet in one.unmet} == {"enquiry_ordered"}
    assert len(events(database_url, asked.stream_id)) == 2


def test_what_was_found_out_is_no_part_of_the_command(shop: Reception, database_url: str) -> None:
    command = order(name="Anna", phone="+7 900 000-00-00")
    found = recognised(command, lambda phone, email: "c-1")

    assert isinstance(found, PlaceOrder)
    assert found.customer is not None
    assert found.customer.customer_id == "c-1"
    assert body_of(found) == body_of(command)

    first = shop.execute(command)
    with open_pipeline(database_url) as unaware:
        again = unaware.execute(command)
    assert (again.repeated, again.versions) == (True, first.versions)


@pytest.mark.parametrize(
    "who", [{}, {"name": "Anna"}, {"phone": "0000000000"}, {"phone": "call me", "email": "none"}]
)
def test_an_order_that_does_not_say_who_it_is_makes_nobody(
    shop: Reception, who: dict[str, Any]
) -> None:
    command = order(**who)

    assert set(shop.execute(command).versions) == {stream_of(command.order_id)}


def test_d4_the_secret_is_this_logs_own_and_every_process_uses_the_same(database_url: str) -> None:
    with connect(database_url) as owner:
        owner.execute("delete from log.keys")
        found = []
        for _ in range(2):
            vaults = Vault(database_url), Vault(database_url)
            ids = {ContactIds(vault, "RU")("+79000000000", None) for vault in vaults}
            assert len(ids) == 1
            found.append(ids.pop())
            owner.execute("delete from log.keys")

    assert found[0] != found[1]


def test_a_secret_that_was_destroyed_is_named(shop: Reception, database_url: str) -> None:
    shop.execute(order(phone="+7 900 000-00-00"))
    with connect(database_url) as owner:
        owner.execute("update log.keys set key = null where subject_id = 'contact-secret'")

    with open_reception(database_url) as late, pytest.raises(InfraError) as error:
        late.execute(order(phone="+7 900 000-00-00"))

    assert error.value.code == "contact_secret_missing"
