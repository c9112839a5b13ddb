"""A person is erased by a command from Kafka as by any other way in: with what is about the orders,
also where the tables do not know of it yet, and whoever is killed in between.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest

from domain.customers.commands import EraseCustomer
from domain.messages import Command
from domain.orders.events import Customer
from domain.streaming import RESULTS
from services.bootstrap import Settings, System, open_system
from tests.support.command_crashes import take_an_erasing_and_die
from tests.support.command_worker import OURS, Shop, eventually, listening
from tests.support.dying_erasers import write_about
from tests.support.faults import Fault
from tests.support.leftovers import MARK, PHONE, VALUES, assert_nothing_left
from tests.support.loads import EVERYBODY, note, place, publish
from tests.support.processes import Writer, leaving, listen
from tests.support.topics import read_all

ANNA: Final = "c-7"


@pytest.fixture
def system(shop: Shop) -> Iterator[System]:
    with open_system(Settings(database_url=shop.url, data_dir=shop.folder)) as opened:
        assert opened.execute(publish()).kind == "accepted"
        yield opened


def erase() -> EraseCustomer:
    return EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )


def order(system: System) -> Command:
    """Let her order, and write about that what no table knows yet; give what may be sent of it."""
    order_id = uuid4()
    placed = place(order_id, customer=Customer(customer_id=ANNA, name=f"Anna {MARK}", phone=PHONE))
    assert system.execute(placed).kind == "accepted"
    system.catch_up()
    write_about(system.execute, order_id, f"Called {MARK}")
    return note(order_id, f"Rings {MARK}")


def answer_to(shop: Shop, command: Command) -> dict[str, Any]:
    with listening(shop.broker, RESULTS.name) as results:
        (answer,) = results.hear_answers_to([command.command_id])[command.command_id]
    told: dict[str, Any] = answer
    return told


def held(shop: Shop) -> list[str]:
    """Name the values of hers that can be read in the topics of commands."""
    read = read_all(shop.broker, [topic.name for topic in OURS])
    return [value for value in VALUES if value.encode() in read]


def test_d4_who_is_erased_by_kafka_is_erased_with_what_no_table_knew_yet(
    shop: Shop, system: System
) -> None:
    noted, command = order(system), erase()
    shop.send([noted])
    shop.take_commands()
    eventually(lambda: noted.command_id in shop.stored(), "the note is taken")
    assert held(shop) == [MARK]
    shop.send([command])

    answer = answer_to(shop, command)

    assert answer["kind"] == "accepted"
    assert_nothing_left(shop.url, shop.folder)
    eventually(lambda: held(shop) == [], "the topics hold nothing of hers")


def test_d4_an_erasing_by_kafka_that_was_killed_behind_its_event_is_finished_by_the_next_consumer(
    shop: Shop, system: System, fault: Fault
) -> None:
    order(system)
    command = erase()
    shop.send([command])
    dying = Writer(take_an_erasing_and_die, shop.url, shop.broker, shop.folder)
    with leaving([dying]) as writers:
        listen(writers, lambda: dying.ended)
        fault("commands consumer killed")
    assert shop.stored()[command.command_id] == "accepted"
    assert not shop.committed()

    shop.take_commands()
    answer = answer_to(shop, command)

    assert (answer["kind"], answer["repeated"]) == ("accepted", True)
    assert_nothing_left(shop.url, shop.folder)
