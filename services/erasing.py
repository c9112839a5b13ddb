"""Erasing a person: the keys of all that is personal of a customer are destroyed with one command.

Keys of the customer go in the transaction of the event. What is about the customer's orders and has
keys of its own (tasks, alerts, messages, batches) is found in the tables, so it is looked for again
once they hold everything from before the event. Who read of the person is forgotten at the end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(slots=True)
class FoundBelongings:
    """What belongs to customers, as far as the tables know: a page at a time, as much as one event
    may name and one transaction may destroy.
    """

    lend: Lend
    batches: BatchStore  # say why many orders were asked the same, which may be about one of them
    most_orders: int = 10_000
    most_beside: int = 100_000

    def __call__(self, customer_id: str) -> Belongings:
        """Find the first page of all that there is."""
        return next(self.pages(customer_id))

    def pages(
        self, customer_id: str, before: int | None = None, *, all_beside: bool = False
    ) -> Iterator[Belongings]:
        """Find all of it, by ids; the last page says that nothing is behind.

        before:     of orders, tasks, alerts and messages only what began before this position
        all_beside: of tasks, alerts and messages all the same
        """
        order: UUID | None = None
        stream, until = "", None if all_beside else before
        while True:
            with self.lend() as connection, connection.transaction(), connection.cursor() as cursor:
                if not are_there(cursor):  # Nobody has ever read: the tables are made by who does.
                    yield Belongings()
                    return
                orders = list_orders_of_customer(cursor, customer_id, order, self.most_orders)
                beside = list_beside(cursor, customer_id, stream, self.most_beside, until)
            order = orders[-1][0] if orders else order
            stream = beside[-1] if beside else stream
            is_more = len(orders) == self.most_orders or len(beside) == self.most_beside
            yield Belongings(
                tuple(id_ for id_, began in orders if before is None or began < before),
                (*beside, *self.batches.subjects_about([id_ for id_, _ in orders])),
                f"{order} {stream}" if is_more else None,
            )
            if not is_more:
                return


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
    Each page has a command, whose id says where the page ends: once it is answered, nothing from
    before is left up to there. The last one's says that nothing is left at all.
    Raises:  InfraError workers_behind
    """
    if outcome.kind == "refused":
        return
    system.catch_up()
    begun = _begun(system, command, outcome)
    is_whole = done is not None and done.ends_at is None and not outcome.repeated
    known = Belongings(tuple(begun.named), done.beside if done is not None and is_whole else ())
    is_new = outcome.first_position is None and not outcome.repeated
    pages = system.belongings.pages(command.customer_id, begun.position, all_beside=is_new)
    for page in pages:
        id_ = uuid5(command.command_id, _REST if page.ends_at is None else page.ends_at)
        (execute or system.execute)(command.of(page).beyond(id_, begun.command_id, known))
        system.read_store.forget([command.customer_id, *page.beside])


@dataclass(slots=True)
class _Begun:
    """An erasing: the event that destroys the customer's own keys, and those of what it left."""

    command_id: UUID
    position: int  # of its first event; 0: there is none
    named: set[UUID]  # orders, by any of them


def _begun(system: "System", command: EraseCustomer, outcome: Outcome) -> _Begun:
    """Give the erasing that is to be finished: that of the command, or the latest one of the
    customer if the command found nothing to erase: whoever took that one may have died since.
    """
    latest = _Begun(command.command_id, outcome.first_position or 0, set())
    for one, orders in _erasings(system, command.stream_id):
        if one.position < latest.position:
            continue
        if latest.command_id in (one.causation_id, one.command_id):
            latest.named.update(orders)
        elif outcome.first_position is None:
            latest = _Begun(one.command_id, one.position, set(orders))
    return latest


def _erasings(system: "System", stream: str) -> Iterator[tuple[Recorded, tuple[UUID, ...]]]:
    """Give each erasing of a customer and the orders that it names; the stream is read a page at a
    time.
    """
    version = 0
    while page := system.log.read_streams({stream: (version, version + PAGE_EVENTS)}):
        for one in page:
            if isinstance(one, Recorded) and isinstance(one.event, CustomerErased):
                yield one, one.event.orders
        version = page[-1].version
