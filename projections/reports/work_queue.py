"""Question: which orders need somebody now, those first that run out of time first?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, page_of
from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class QueuedOrder(TypedDict):
    """An open order that waits for somebody. Times in UTC, money in minor units."""

    order_id: UUID
    external_id: str | None
    path: str
    stage: str | None
    status: str
    status_since: datetime
    due_at: datetime | None
    seconds_left: float | None
    overdue: bool
    owner_user: str | None
    owner_group: str | None
    owned_since: datetime | None
    missing: list[str]
    total_minor: int
    currency: str | None


class QueuePage(TypedDict):
    """A page of the queue, and what the next one begins behind."""

    orders: list[QueuedOrder]
    next: str | None  # null: there are no more


def list_queue(
    reader: Reader,
    *,
    user: str | None = None,
    group: str | None = None,
    cursor: str | None = None,
    limit: int = MOST_LISTED,
) -> QueuePage:
    """List what needs somebody now.

    user:   what this person is responsible for, and what nobody of the person's teams is yet
    group:  what this group is responsible for
    Shape:  0..limit rows by time to breach, without a limit last, ties by status_since, order_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    due_at, status_since, order_id = behind(cursor, moment, moment, UUID)
    wanted: dict[str, Any] = {
        "user": user,
        "group": group,
        "due_at": due_at,
        "status_since": status_since,
        "order_id": order_id,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    rows = cast(list[QueuedOrder], reader.execute(_QUEUE, wanted).fetchall())
    page, last = page_of(rows, limit, "due_at", "status_since", "order_id")
    return {"orders": page, "next": last}


_QUEUE: Final = """
    select order_id, external_id, path, stage, status, status_since, due_at, seconds_left, overdue,
           owner_user, owner_group, owned_since, missing, total_minor, currency
    from work_queue
    where (%(group)s::text is null or owner_group = %(group)s)
      and (%(user)s::text is null or owner_user = %(user)s
           or owner_user is null and owner_group in (
               select team from team_members where member = %(user)s))
      and (%(order_id)s::uuid is null
           or (coalesce(due_at, 'infinity'), status_since, order_id)
              > (%(due_at)s::timestamptz, %(status_since)s::timestamptz, %(order_id)s::uuid))
    order by due_at nulls last, status_since, order_id limit %(limit)s
"""
