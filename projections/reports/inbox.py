"""Questions: what waits for whom, who has seen it, and what came of it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, name, page_of
from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: those of any of these, of one order; nothing named: all of them."""

    users: Sequence[str] = ()
    groups: Sequence[str] = ()
    roles: Sequence[str] = ()
    order_id: UUID | None = None
    only_open: bool = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Give what `_OF` names."""
        return {
            "users": [*self.users],
            "groups": [*self.groups],
            "roles": [*self.roles],
            "anybodys": not (self.users or self.groups or self.roles),
            "order_id": self.order_id,
            "only_open": self.only_open,
        }


class Entry(TypedDict):
    """Something that waits for somebody, or did: an alert, a task or a notice."""

    entry: str  # alert-… or task-…
    what: str
    id: UUID
    kind: str
    level: str | None
    title: str
    details: list[str]
    order_id: UUID | None
    subject: str | None
    to_user: str | None
    to_group: str | None
    to_role: str | None
    since: datetime
    due_at: datetime | None
    open: bool
    ended_at: datetime | None
    ended_by: str | None
    test: bool


class ListedTask(TypedDict):
    """A task, without the note of what came of it."""

    task_id: UUID
    title: str
    order_id: UUID | None
    subject: str | None
    to_user: str | None
    to_group: str | None
    due_at: datetime | None
    created_at: datetime
    created_by: str
    rule: str | None
    assigned_at: datetime
    state: str
    ended_at: datetime | None
    ended_by: str | None
    outcome: str | None
    reason_code: str | None
    test: bool


class EntryPage(TypedDict):
    """A page of entries, and what the next one begins behind."""

    entries: list[Entry]
    next: str | None  # null: there are no more


class AlertPage(TypedDict):
    """A page of alerts and notices, and what the next one begins behind."""

    alerts: list[Entry]
    next: str | None


class TaskPage(TypedDict):
    """A page of tasks, and what the next one begins behind."""

    tasks: list[ListedTask]
    next: str | None


def list_inbox(
    reader: Reader, wanted: Wanted, *, cursor: str | None = None, limit: int = MOST_LISTED
) -> EntryPage:
    """List alerts, tasks and notices, what has waited longest first.

    Shape:  0..limit rows, ties by entry.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    page, last = _entries(reader, _INBOX, wanted, cursor, limit)
    return {"entries": page, "next": last}


def list_alerts(
    reader: Reader, wanted: Wanted, *, cursor: str | None = None, limit: int = MOST_LISTED
) -> AlertPage:
    """List alerts and notices as `list_inbox` does, without tasks."""
    page, last = _entries(reader, _ALERTS, wanted, cursor, limit)
    return {"alerts": page, "next": last}


def list_tasks(
    reader: Reader, wanted: Wanted, *, cursor: str | None = None, limit: int = MOST_LISTED
) -> TaskPage:
    """List tasks, what is due first comes first, and last what has no time.

    Shape:  0..limit rows, ties by what was created first, then by task_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    due_at, created_at, task_id = behind(cursor, moment, moment, UUID)
    place = {"due_at": due_at, "created_at": created_at, "task_id": task_id}
    rows = _rows(reader, _TASKS, wanted.parameters | place, limit)
    page, last = page_of(rows, limit, "due_at", "created_at", "task_id")
    return {"tasks": cast(list[ListedTask], page), "next": last}


def _entries(
    reader: Reader, question: LiteralString, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    since, entry = behind(cursor, moment, name)
    rows = _rows(reader, question, wanted.parameters | {"since": since, "entry": entry}, limit)
    page, last = page_of(rows, limit, "since", "entry")
    return cast(list[Entry], page), last


def _rows(
    reader: Reader, question: LiteralString, parameters: dict[str, Any], limit: int
) -> list[dict[str, Any]]:
    """Read the rows of a page, and one more if there is one."""
    wanted = parameters | {"limit": checked_limit(limit, MOST_LISTED) + 1}
    return reader.execute(question, wanted).fetchall()


_ENTRIES: Final[LiteralString] = """
    select entry, what, id, kind, level, title, details, order_id, subject, to_user, to_group,
           to_role, since, due_at, open, ended_at, ended_by, test
    from inbox
    where (%(anybodys)s or to_user = any(%(users)s) or to_group = any(%(groups)s)
           or to_role = any(%(roles)s))
      and (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (open or not %(only_open)s)
      and (%(since)s::timestamptz is null or (since, entry) > (%(since)s::timestamptz, %(entry)s))
"""

_INBOX: Final[LiteralString] = f"{_ENTRIES} order by since, entry limit %(limit)s"

_ALERTS: Final[LiteralString] = (
    f"{_ENTRIES} and what <> 'task' order by since, entry limit %(limit)s"
)

_TASKS: Final[LiteralString] = """
    select task_id, title, order_id, subject, to_user, to_group, due_at, created_at, created_by,
           rule, assigned_at, state, ended_at, ended_by, outcome, reason_code, test
    from tasks
    where (%(anybodys)s or to_user = any(%(users)s) or to_group = any(%(groups)s))
      and (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (state = 'open' or not %(only_open)s)
      and (%(task_id)s::uuid is null
           or (coalesce(due_at, 'infinity'), created_at, task_id)
              > (%(due_at)s::timestamptz, %(created_at)s::timestamptz, %(task_id)s::uuid))
    order by due_at nulls last, created_at, task_id limit %(limit)s
"""
