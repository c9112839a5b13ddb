"""Programs that erase a customer and kill themselves at a chosen step, each in a process of its
own. Somebody else writes about the customer meanwhile, of which the tables do not know.
"""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal, NoReturn
from uuid import UUID, uuid4

from domain.access.reads import Kept, Read, ReadStore, Sought
from domain.customers.commands import EraseCustomer
from domain.messages import Command, Outcome
from domain.tasks.commands import CreateTask, FinishTask
from infra.log import configure_logging
from services.bootstrap import Settings, System, open_system
from services.erasing import erase_customer
from tests.support.loads import EVERYBODY

Step = Literal[
    "before the event", "behind the event", "before the rest", "behind the rest",
    "before the answer",
]  # fmt: skip
STEPS: Final[Sequence[Step]] = (
    "before the event", "behind the event", "before the rest", "behind the rest",
    "before the answer",
)  # fmt: skip


def erase_and_die(
    pipe: Connection, url: str, folder: Path, command: EraseCustomer, step: Step, note: str
) -> None:
    """Erase a customer as the programs do, and die of it."""
    configure_logging("error", "json")
    with open_system(Settings(database_url=url, data_dir=folder)) as system:
        (order_id, *_) = system.belongings(command.customer_id).orders
        system.read_store = _DyingStore(system.read_store, step)
        erase_customer(system, command, _Dying(system, step, order_id, note))
    pipe.close()


def write_about(execute: Callable[[Command], Outcome], order_id: UUID, note: str) -> UUID:
    """Finish a task about an order with a note; give its id."""
    told: dict[str, Any] = {"actor": EVERYBODY, "task_id": uuid4()}
    for command in (
        CreateTask(**told, command_id=uuid4(), title="Call", order_id=order_id, user="ann"),
        FinishTask(**told, command_id=uuid4(), note=note),
    ):
        assert execute(command).kind == "accepted"
    return UUID(str(told["task_id"]))


@dataclass(slots=True)
class _Dying:
    """Executes commands: the one that erases, then that of the rest."""

    system: System
    step: Step
    order_id: UUID
    note: str
    times: int = 0

    def __call__(self, command: Command) -> Outcome:
        self.times += 1
        if self.times == 1:
            write_about(self.system.execute, self.order_id, self.note)
        if self.step == ("before the event", "before the rest")[self.times - 1]:
            die()
        outcome = self.system.execute(command)
        if self.step == ("behind the event", "behind the rest")[self.times - 1]:
            die()
        return outcome


@dataclass(frozen=True, slots=True)
class _DyingStore:
    """Forgets who read of the person, and dies. Implements ReadStore."""

    store: ReadStore
    step: Step

    def note(self, reads: Iterable[Read]) -> None:
        self.store.note(reads)

    def find(self, sought: Sought, limit: int) -> Sequence[Kept]:
        return self.store.find(sought, limit)

    def forget(self, subjects: Sequence[str]) -> int:
        forgotten = self.store.forget(subjects)
        if self.step == "before the answer":
            die()
        return forgotten


def die() -> NoReturn:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")
