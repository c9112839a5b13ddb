"""What waits for somebody: alerts, tasks, notices, and the orders that need somebody now."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.messages import Name
from projections.reports.inbox import (
    MOST_LISTED,
    AlertPage,
    EntryPage,
    TaskPage,
    Wanted,
    list_alerts,
    list_inbox,
    list_tasks,
)
from projections.reports.work_queue import MOST_LISTED as MOST_QUEUED
from projections.reports.work_queue import QueuePage, list_queue
from services.inbox import show_alert, show_task
from services.questions.question import Asked, Cursor, Names, OrderRef, question
from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System


class Choosing(Asked):
    """Whose entries, of which order, and how many of them."""

    user: Annotated[Names, Field(description="for these users")] = ()
    group: Annotated[Names, Field(description="for these groups")] = ()
    order: Annotated[OrderRef | None, Field(description="about this order")] = None
    over: Annotated[bool, Field(description="also what is over")] = False
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")] = MOST_LISTED

    def wanted(self, system: "System", roles: tuple[str, ...] = ()) -> Wanted:
        """Give what is asked for. Raises: Refusal order_unknown"""
        order_id = None if self.order is None else find_order(system, self.order)
        return Wanted(self.user, self.group, roles, order_id, only_open=not self.over)


class ChoosingByRole(Choosing):
    """The same, where entries may be for a role too."""

    role: Annotated[Names, Field(description="for these roles")] = ()


class Inbox(ChoosingByRole):
    """What waits."""


class Alerts(ChoosingByRole):
    """Alerts and notices."""


class Tasks(Choosing):
    """What is to be done."""


class ShowAlert(Asked):
    """One alert."""

    alert: UUID


class ShowTask(Asked):
    """One task."""

    task: UUID


class WorkQueue(Asked):
    """Orders that need somebody now."""

    user: Annotated[Name | None, Field(description="what needs this person")] = None
    group: Annotated[Name | None, Field(description="what needs this group")] = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_QUEUED, description="rows at most")] = MOST_QUEUED


@question("inbox.list", "/inbox", reads="tables")
def inbox(system: "System", asked: Inbox) -> EntryPage:
    """Show what waits: alerts, tasks and notices, what has waited longest first."""
    wanted = asked.wanted(system, asked.role)
    with system.snapshot() as reader:
        return list_inbox(reader, wanted, cursor=asked.cursor, limit=asked.limit)


@question("alert.list", "/alerts", reads="tables")
def alerts(system: "System", asked: Alerts) -> AlertPage:
    """List alerts and notices that nobody has acknowledged, the oldest first."""
    wanted = asked.wanted(system, asked.role)
    with system.snapshot() as reader:
        return list_alerts(reader, wanted, cursor=asked.cursor, limit=asked.limit)


@question("alert.show", "/alerts/{alert}", reads="log")
def alert(system: "System", asked: ShowAlert) -> dict[str, Any]:
    """Show an alert in full, with the note of whoever has seen it."""
    return show_alert(system, asked.alert)


@question("task.list", "/tasks", reads="tables")
def tasks(system: "System", asked: Tasks) -> TaskPage:
    """List what is to be done, what is due first comes first."""
    wanted = asked.wanted(system)
    with system.snapshot() as reader:
        return list_tasks(reader, wanted, cursor=asked.cursor, limit=asked.limit)


@question("task.show", "/tasks/{task}", reads="log")
def task(system: "System", asked: ShowTask) -> dict[str, Any]:
    """Show a task in full, with the note of whoever has done it."""
    return show_task(system, asked.task)


@question("queue.list", "/queue", reads="tables")
def queue(system: "System", asked: WorkQueue) -> QueuePage:
    """List the orders that need somebody now, those first that run out of time first."""
    with system.snapshot() as reader:
        return list_queue(
            reader,
            user=asked.user,
            group=asked.group,
            cursor=asked.cursor,
            limit=asked.limit,
        )
