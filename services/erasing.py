"""Erasing a person: the keys of all that is personal of a customer are destroyed with one command.

Keys of the customer go in the transaction of the event. What is about the customer's orders and has
keys of its own (tasks, alerts, messages, batches) is found in the tables, so it is looked for again
once they hold everything from before the event. Who read of the person is forgotten at the end.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from domain.bulk import BatchStore
from domain.customers.commands import Belongings, EraseCustomer
from domain.customers.events import CustomerErased
from domain.messages import Command, Outcome, Recorded
from domain.reading import PAGE_EVENTS
from projections.belongings import are_there, list_beside, list_orders_of_customer
from projections.sessions import Lend

if TYPE_CHECKING:
    from services.bootstrap import System

Execute = Callable[[Command], Outcome]
_REST: Final = "once-more-0"  # its command is answered once nothing from before is left


def belongings_of(
    lend: Lend, batches: BatchStore, customer_id: str, before: int | None = None
) -> Belongings:
    """Find what belongs to a customer, as far as the tables know.

    batches: say why many orders were asked the same, which may be about one of them
    before:  of orders, tasks, alerts and messages only what began before this position; None: all
    """
    with lend() as connection, connection.transaction(), connection.cursor() as cursor:
        if not are_there(cursor):  # Nobody has ever read: the tables are made by who does.
            return Belongings()
        orders = list_orders_of_customer(cursor, customer_id)
        earlier = list_orders_of_customer(cursor, customer_id, before) if before else orders
        beside = list_beside(cursor, customer_id, before)
    return Belongings(tuple(earlier), (*beside, *batches.subjects_about(orders)))


def erase_customer(
    system: "System", command: EraseCustomer, execute: Execute | None = None
) -> Outcome:
    """Erase a customer with everything that was stored before; the answer is that of the command.

    execute: takes the commands; by default the system does
    Whoever is killed in the middle says it again, with the same id or another one: what is
    destroyed stays so, and what is left goes.
    Raises: InfraError workers_behind, then it is said again, too
    """
    execute = execute or system.execute
    system.catch_up()
    done = system.belongings(command.customer_id)
    outcome = execute(command)
    finish_erasing(system, command, outcome, execute, done)
    return outcome


def finish_erasing(
    system: "System",
    command: EraseCustomer,
    outcome: Outcome,
    execute: Execute | None = None,
    done: Belongings | None = None,
) -> None:
    """Erase what the tables did not know of yet when a command that erases was decided.

    outcome: of that command, also if it was given before: whoever took it may have died since
    done:    was erased with it for sure; of a repeated one nobody knows
    Raises:  InfraError workers_behind
    """
    if outcome.kind == "refused":
        return
    system.catch_up()
    if outcome.first_position is not None:
        beside = () if done is None or outcome.repeated else done.beside
        known = Belongings(_named(system, command), beside)
        found = system.belongings(command.customer_id, outcome.first_position)
        rest = command.of(found).beyond(uuid5(command.command_id, _REST), known)
        (execute or system.execute)(rest)
    else:
        found = system.belongings(command.customer_id)
        late = _late(system, command)
        if late is not None and late.names_more:
            (execute or system.execute)(late)
    system.read_store.forget([command.customer_id, *found.beside])


def _late(system: "System", command: EraseCustomer) -> EraseCustomer | None:
    """Give the command that names the orders that began before the latest erasing of the customer,
    and which none has named: whoever took it may have died before. None: there is no erasing.
    """
    erasings = [*_erasings(system, command.stream_id)]
    if not erasings:
        return None
    named = {order_id for _, orders in erasings for order_id in orders}
    position, _ = erasings[-1]
    found = Belongings(system.belongings(command.customer_id, position).orders)
    rest = uuid5(command.command_id, _REST)
    return command.of(found).beyond(rest, Belongings(tuple(named)))


def _erasings(system: "System", stream: str) -> Iterator[tuple[int, tuple[UUID, ...]]]:
    """Give the position of each erasing of a customer and the orders that it names; the stream is
    read a page at a time.
    """
    version = 0
    while page := system.log.read_streams({stream: (version, version + PAGE_EVENTS)}):
        for one in page:
            if isinstance(one, Recorded) and isinstance(one.event, CustomerErased):
                yield one.position, one.event.orders
        version = page[-1].version


def _named(system: "System", command: EraseCustomer) -> tuple[UUID, ...]:
    """Give the orders that the event of a command names."""
    told = [one.event for one in system.log.read_commands([command.command_id])]
    return tuple(id_ for one in told if isinstance(one, CustomerErased) for id_ in one.orders)
