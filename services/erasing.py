"""Erasing a person: the keys of all that is personal of a customer are destroyed with one command.

Keys of the customer go in the transaction of the event. What is about the customer's orders and has
keys of its own (tasks, alerts, messages) is found in the tables, so it is looked for again once
they hold everything from before the event. Who read of the person is forgotten at the end.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from domain.customers.commands import Belongings, EraseCustomer
from domain.messages import Command, Outcome
from projections.belongings import are_there, list_beside, list_orders_of_customer
from projections.sessions import Lend

if TYPE_CHECKING:
    from services.bootstrap import System

Execute = Callable[[Command], Outcome]
MOST_LOOKS: Final = 5  # what comes in all the while is of the time after


def belongings_of(lend: Lend, customer_id: str) -> Belongings:
    """Find what belongs to a customer, as far as the tables know."""
    with lend() as connection, connection.transaction(), connection.cursor() as cursor:
        if not are_there(cursor):  # Nobody has ever read: the tables are made by who does.
            return Belongings()
        orders = list_orders_of_customer(cursor, customer_id)
        beside = list_beside(cursor, customer_id)
    return Belongings(tuple(orders), tuple(beside))


def erase_customer(
    system: "System", command: EraseCustomer, execute: Execute | None = None
) -> Outcome:
    """Erase a customer with everything that was stored before; the answer is that of the command.

    execute: takes the commands; by default the system does
    Whoever is killed in the middle says it again: what is destroyed stays so.
    Raises: InfraError workers_behind, then it is said again, too
    """
    execute = execute or system.execute
    system.catch_up()
    done = system.belongings(command.customer_id)
    outcome = execute(command)
    if outcome.kind == "refused":
        return outcome
    for number in range(MOST_LOOKS):
        system.catch_up()
        found = system.belongings(command.customer_id)
        if set(found.beside) <= set(done.beside):
            break
        execute(command.beyond(_next_id(command.command_id, number), done))
        done = found
    system.read_store.forget([command.customer_id, *done.beside])
    return outcome


def _next_id(command_id: UUID, number: int) -> UUID:
    return uuid5(command_id, f"once-more-{number}")
