"""Erasing a person: the keys of all that is personal of a customer are destroyed with one command.

Keys of the customer go in the transaction of the event. What is about the customer's orders and has
keys of its own (tasks, alerts, messages) is found in the tables, so it is looked for again once
they hold everything from before the event.
"""

from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from domain.customers.commands import Belongings, EraseCustomer
from domain.messages import Outcome
from projections.belongings import are_there, list_beside, list_orders_of_customer
from projections.sessions import Lend

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_LOOKS: Final = 5  # what comes in all the while is of the time after


def belongings_of(lend: Lend, customer_id: str) -> Belongings:
    """Find what belongs to a customer, as far as the tables know."""
    with lend() as connection, connection.transaction(), connection.cursor() as cursor:
        if not are_there(cursor):  # Nobody has ever read: the tables are made by who does.
            return Belongings()
        orders = list_orders_of_customer(cursor, customer_id)
        beside = list_beside(cursor, customer_id)
    return Belongings(tuple(orders), tuple(beside))


def erase_customer(system: "System", command: EraseCustomer) -> Outcome:
    """Erase a customer with everything that was stored before; the answer is that of the command.

    Whoever is killed in the middle says it again: what is destroyed stays so.
    Raises: InfraError workers_behind, then it is said again, too
    """
    system.catch_up()
    done = system.belongings(command.customer_id)
    outcome = system.execute(command)
    for number in range(MOST_LOOKS if outcome.kind != "refused" else 0):
        system.catch_up()
        found = system.belongings(command.customer_id)
        if set(found.beside) <= set(done.beside):
            break
        system.execute(command.beyond(_next_id(command.command_id, number), done))
        done = found
    return outcome


def _next_id(command_id: UUID, number: int) -> UUID:
    return uuid5(command_id, f"once-more-{number}")
