"""A customer with more orders, and more beside them, than one event names and one transaction
destroys: all of it is erased and named, whoever is killed between the pages.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from domain.customers.commands import EraseCustomer
from domain.customers.events import CustomerErased
from domain.messages import Command, Outcome
from domain.orders.events import Customer
from services.bootstrap import System
from services.erasing import erase_customer
from tests.support.dying_erasers import write_about
from tests.support.leftovers import MARK, PHONE, assert_nothing_left
from tests.support.loads import EVERYBODY, place

ANNA: Final = "c-7"
STREAM: Final = f"customer-{ANNA}"


@pytest.fixture
def orders(system: System) -> list[UUID]:
    """Seven orders with a task about each, of which a page takes two and three."""
    system.belongings.most_orders = 2
    system.belongings.most_beside = 3
    placed = [order(system) for _ in range(7)]
    system.catch_up()
    return placed


def order(system: System) -> UUID:
    order_id = uuid4()
    customer = Customer(customer_id=ANNA, name=f"Anna {MARK}", phone=PHONE)
    assert system.execute(place(order_id, customer=customer)).kind == "accepted"
    write_about(system.execute, order_id, f"Called {MARK}")
    return order_id


def erase() -> EraseCustomer:
    return EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )


def named(system: System) -> list[tuple[UUID, ...]]:
    """Give the orders that each erasing of her names."""
    stored = system.log.load({STREAM: 0})[STREAM]
    return [one.event.orders for one in stored if isinstance(one.event, CustomerErased)]


def dying(system: System, commands: int) -> Callable[[Command], Outcome]:
    """Execute some commands, and die behind the last of them."""
    left = iter(range(commands, 0, -1))

    def execute(command: Command) -> Outcome:
        outcome = system.execute(command)
        if next(left) == 1:
            raise KeyboardInterrupt
        return outcome

    return execute


def test_d4_of_a_customer_with_many_orders_each_is_named_once_and_nothing_is_left(
    system: System, orders: list[UUID], database_url: str, data_dir: Path
) -> None:
    assert erase_customer(system, erase()).kind == "accepted"

    told = named(system)
    assert Counter(order_id for page in told for order_id in page) == Counter(orders)
    assert max(map(len, told)) == 2
    assert_nothing_left(database_url, data_dir)
    assert erase_customer(system, erase()).kind == "nothing"
    assert named(system) == told


@pytest.mark.parametrize("again", ["the same command", "another command"])
@pytest.mark.parametrize("commands", range(1, 6))
def test_d4_who_is_killed_between_the_pages_of_an_erasing_leaves_nothing_once_it_is_said_again(
    system: System,
    orders: list[UUID],
    database_url: str,
    data_dir: Path,
    commands: int,
    again: str,
) -> None:
    command = erase()
    with pytest.raises(KeyboardInterrupt):
        erase_customer(system, command, dying(system, commands))

    repeated = command if again == "the same command" else erase()
    erase_customer(system, repeated)

    told = named(system)
    assert Counter(order_id for page in told for order_id in page) == Counter(orders)
    assert_nothing_left(database_url, data_dir)
    assert erase_customer(system, repeated).kind in {"accepted", "nothing"}
    assert erase_customer(system, erase()).kind == "nothing"
    assert named(system) == told


def test_d4_the_orders_of_who_came_back_are_named_anew_also_behind_a_killed_erasing(
    system: System, orders: list[UUID]
) -> None:
    """What is told of an order since it was named is gone with the next erasing, too."""
    erase_customer(system, erase())
    before = len(named(system))
    orders.append(order(system))
    system.catch_up()
    with pytest.raises(KeyboardInterrupt):
        erase_customer(system, erase(), dying(system, 2))

    assert erase_customer(system, erase()).kind in {"accepted", "nothing"}

    later = {order_id for page in named(system)[before:] for order_id in page}
    assert later == set(orders)
