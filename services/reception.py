"""The way in for commands: what only the tables know is looked up before one waits for its turn.
Whose contact is in it, what belongs to whom it erases, which orders stand where it publishes, and
whether its actor, who reaches some orders only, reaches the person whom it names.

That is added beside what the sender set, so the body of the command is what it was: whoever
repeats it, from wherever, gets its first answer.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, Final

from domain.batch import Log
from domain.customers.commands import Belongings, EraseCustomer
from domain.messages import Command, Outcome
from domain.orders.events import Customer
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.refusals import InfraError
from domain.roles.persons import person_named, stream_naming
from services.pipeline import Pipeline
from services.strangers import Acquaintances
from services.threads import Threads

BelongingsOf = Callable[[str], Belongings]  # customer id -> what the tables know of it
Standing = Callable[[OrderPath], Mapping[str, int]]  # a new version -> orders in each status
LOOKED_UP: Final = (EraseCustomer, PublishPath)  # in tables, which takes a while
LOOK_THREADS: Final = 4
MOST_LOOKED_UP: Final = 500  # commands of event loops that are looked up at once
CustomerIds = Callable[[str | None, str | None], str | None]  # phone, e-mail -> customer id


class Reception(Pipeline):
    """The pipeline, for commands that may name a customer by phone or e-mail only."""

    def __init__(
        self,
        log: Log,
        clock: Callable[[], datetime],
        customer_ids: CustomerIds,
        belongings: BelongingsOf = lambda _customer_id: Belongings(),
        standing: Standing = lambda _path: {},
        **settings: Any,
    ) -> None:
        super().__init__(log, clock, **settings)
        self._customer_ids = customer_ids
        self._belongings = belongings
        self._standing = standing
        self.acquaintances: Acquaintances | None = None  # None: nobody is a stranger
        self.most_looked_up = MOST_LOOKED_UP
        self._lookers = Threads(LOOK_THREADS, "orderpath looks")
        self._in_look = 0  # commands of event loops
        self._lock = Lock()

    def submit(self, command: Command, *, own: bool = False) -> Future[Outcome]:
        """Queue a command, as Pipeline does. It waits for the tables, where they are to be asked.

        Raises: InfraError workers_behind if these do not know it in time
        """
        doubtful = self._doubtful(command)
        if self.acquaintances is not None and doubtful:
            self.acquaintances.tables.ask().result()
        return super().submit(self._received(command, doubtful), own=own)

    def submit_soon(self, command: Command, *, own: bool = False) -> asyncio.Future[Outcome]:
        """Queue a command from an event loop, as Pipeline does.

        The future may raise InfraError overloaded, pipeline_closed and workers_behind, too.
        """
        if is_looked_up(command):
            return asyncio.ensure_future(self._looked_up(command, own=own))
        return super().submit_soon(self._received(command), own=own)

    def close(self) -> None:
        """Work off what waits, then stop."""
        super().close()
        self._lookers.shutdown()
        if self.acquaintances is not None:
            self.acquaintances.close()

    async def _looked_up(self, command: Command, *, own: bool) -> Outcome:
        """Queue one for which the tables are asked, in a thread: meanwhile the loop goes on. No
        thread is held by who waits for the tables.
        """
        loop = asyncio.get_running_loop()
        with self._one_of_few():
            doubtful = await loop.run_in_executor(self._lookers, self._doubtful, command)
            if self.acquaintances is not None and doubtful:
                await self.acquaintances.tables.wait()
            received = await loop.run_in_executor(self._lookers, self._received, command, doubtful)
        return await super().submit_soon(received, own=own)

    @contextmanager
    def _one_of_few(self) -> Iterator[None]:
        with self._lock:
            if self._in_look >= self.most_looked_up:
                message = f"{self.most_looked_up} commands are looked up already: come back later"
                raise InfraError("overloaded", message)
            self._in_look += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_look -= 1

    def _doubtful(self, command: Command) -> frozenset[str]:
        """Name whom it names and who may be a stranger, which the tables do not know for sure."""
        if self.acquaintances is None or isinstance(command, LOOKED_UP) or not is_limited(command):
            return frozenset()
        return self.acquaintances.doubtful(command)  # First: a contact names nobody, an id does.

    def _received(self, command: Command, doubtful: frozenset[str] = frozenset()) -> Command:
        if isinstance(command, EraseCustomer):
            return command if command.is_rest else command.of(self._belongings(command.customer_id))
        if isinstance(command, PublishPath) and not command.strand:
            return command.knowing(self._standing(command.definition))
        if self.acquaintances is not None and is_limited(command):
            command = self.acquaintances.made(command, doubtful)
        return recognised(command, self._customer_ids)


def is_looked_up(command: Command) -> bool:
    """Whether the tables are asked before a command waits for its turn, which takes a while."""
    return isinstance(command, LOOKED_UP) or is_limited(command)


def is_limited(command: Command) -> bool:
    """Whether a command may name a person whom its actor does not reach."""
    if command.actor.reach is None:
        return False
    return person_named(command) is not None or stream_naming(command) is not None


def recognised(command: Command, customer_ids: CustomerIds) -> Command:
    """Give the command with the id of the customer that it names by a contact."""
    if "customer" not in type(command).model_fields:  # Looking for what is not there is slow.
        return command
    customer = getattr(command, "customer", None)
    if not isinstance(customer, Customer) or customer.customer_id is not None:
        return command
    customer_id = customer_ids(customer.phone, customer.email)
    if customer_id is None:
        return command
    said = customer.model_fields_set - {"customer_id"}
    values = {**dict(customer), "customer_id": customer_id}
    return command.model_copy(update={"customer": Customer.model_construct(said, **values)})
