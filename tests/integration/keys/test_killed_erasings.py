"""An erasing that is killed, at whichever of its writes, is finished by whoever says it again, with
the same id as after a lost answer or with another one: nothing readable is left.
"""

from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.access.reads import Read, Reading, Sought
from domain.customers.commands import EraseCustomer
from domain.customers.events import ContactChanged
from domain.messages import Actor, Outcome
from domain.orders.events import Customer
from domain.tasks.events import TaskFinished, task_stream
from services.bootstrap import System, utc_now
from services.erasing import erase_customer
from tests.support.command_line import CommandLine, Here
from tests.support.dying_erasers import STEPS, Step, erase_and_die, write_about
from tests.support.leftovers import MARK, PHONE, assert_nothing_left
from tests.support.loads import EVERYBODY, note, place
from tests.support.processes import Writer, leaving, listen

ANNA: Final = "c-7"
ANN: Final = Actor(kind="user", id="ann")


def order(system: System, customer_id: str = ANNA) -> UUID:
    """Let a customer order, write about it, and let somebody read that."""
    order_id = uuid4()
    customer = Customer(customer_id=customer_id, name=f"Anna {MARK}", phone=PHONE)
    for command in (place(order_id, customer=customer), note(order_id, f"Rings {MARK}")):
        assert system.execute(command).kind == "accepted"
    system.catch_up()
    reading = Reading(utc_now().replace(second=0, microsecond=0), "user", "ann", "", "order",
                      customer_id)  # fmt: skip
    system.read_store.note([Read(reading, 1, 1)])
    return order_id


def erase() -> EraseCustomer:
    return EraseCustomer(
        command_id=uuid4(), actor=EVERYBODY, customer_id=ANNA, reason_code="customer_asked"
    )


def read_of(system: System) -> list[Any]:
    return list(system.read_store.find(Sought(subject=ANNA), 10))


@pytest.mark.parametrize("again", ["the same command", "another command"])
@pytest.mark.parametrize("step", STEPS)
def test_d4_who_is_killed_while_erasing_leaves_nothing_once_it_is_said_again(
    system: System, database_url: str, data_dir: Path, step: Step, again: str
) -> None:
    order(system)
    command = erase()
    dying = Writer(erase_and_die, database_url, data_dir, command, step, f"Says she is {MARK}")
    with leaving([dying]) as writers:
        listen(writers, lambda: dying.ended)

    repeated = command if again == "the same command" else erase()
    outcome = erase_customer(system, repeated)

    assert_erased(outcome, step, again)
    assert_nothing_left(database_url, data_dir)
    assert read_of(system) == []
    assert erase_customer(system, erase()).kind == "nothing"


def assert_erased(outcome: Outcome, step: Step, again: str) -> None:
    """The first answer is repeated; another command erases what is left, if anything is."""
    if again == "the same command":
        assert (outcome.kind, outcome.repeated) == ("accepted", step != "before the event")
    else:
        is_left = step in ("before the event", "behind the event", "before the rest")
        assert outcome.kind == ("accepted" if is_left else "nothing")


def test_d4_behind_a_killed_erasing_the_log_verifies_and_the_tables_are_rebuilt(
    system: System, database_url: str, data_dir: Path, environment: dict[str, str]
) -> None:
    order(system)
    command = erase()
    dying = Writer(erase_and_die, database_url, data_dir, command, "behind the event", MARK)
    with leaving([dying]) as writers:
        listen(writers, lambda: dying.ended)
    line = Here(environment)
    assert_whole(system, line)

    erase_customer(system, command)

    assert_whole(system, line)
    assert_nothing_left(database_url, data_dir)


def assert_whole(system: System, line: CommandLine) -> None:
    """The log is as it was sealed, and every table as it follows from it, also made anew."""
    system.sealer().catch_up()
    for words in (
        ("projection", "verify"), ("projection", "rebuild", "tasks", "orders"),
        ("projection", "verify"), ("audit", "verify"),
    ):  # fmt: skip
        said = line.run(*words)
        assert said.code == 0, (words, said.out, said.err)


def test_d4_a_repeated_erasing_leaves_what_was_told_behind_it(
    system: System,
) -> None:
    """Its answer was lost; since then the customer has come back, and somebody wrote that down."""
    order(system)
    command = erase()
    assert erase_customer(system, command).kind == "accepted"
    back = order(system)
    task_id = write_about(system.execute, back, "Wants it on Monday")

    again = erase_customer(system, command)

    assert (again.kind, again.repeated) == ("accepted", True)
    (*_, done) = system.log.load({task_stream(task_id): 0})[task_stream(task_id)]
    assert isinstance(done.event, TaskFinished)
    assert done.event.note == "Wants it on Monday"
    (*_, told) = system.log.load({f"customer-{ANNA}": 0})[f"customer-{ANNA}"]
    assert isinstance(told.event, ContactChanged)


def test_d4_why_many_orders_were_asked_the_same_is_erased_with_one_of_them(
    system: System, environment: dict[str, str]
) -> None:
    """A batch keeps its reason for whoever goes on with it: it may be about one of the orders."""
    line, anna, boris = Here(environment), order(system), order(system, "c-8")
    for order_id, batch_id, why in (
        (anna, uuid4(), f"Many like {MARK}"), (boris, kept := uuid4(), "Sold out"),
    ):  # fmt: skip
        said = line.run(
            "order", "bulk", "move", "--to", "confirmed", "--order", order_id, "--role",
            "manager", "--reason", why, "--batch-id", batch_id,
        )  # fmt: skip
        assert said.code == 0, said.err

    erase_customer(system, erase())

    reasons = {batch.batch_id: batch.reason for batch in system.batches.latest(10)}
    assert reasons.pop(kept) == "Sold out"
    assert list(reasons.values()) == ["[erased]"]


def test_d4_a_batch_whose_reason_was_erased_goes_on_when_it_is_said_again(
    system: System, environment: dict[str, str]
) -> None:
    line, order_id, batch_id = Here(environment), order(system), uuid4()
    words = (
        "order", "bulk", "move", "--to", "confirmed", "--order", order_id, "--role", "manager",
        "--reason", "Sold out", "--batch-id", batch_id,
    )  # fmt: skip
    assert line.run(*words).code == 0
    erase_customer(system, erase())

    again = line.run(*words)

    assert again.code == 0, again.err
    other = line.run(*(batch_id if word == batch_id else "packed" if word == "confirmed" else word
                       for word in words))  # fmt: skip
    assert other.code != 0
