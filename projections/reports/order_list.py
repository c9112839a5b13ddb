"""Question: which orders are there? The latest first, a page at a time, by what they are like."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString, TypedDict, cast
from uuid import UUID

from domain.refusals import Unusable
from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 1_000  # of one page
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
NOT_KNOWN: Final = "-"  # in a cursor, where others have microseconds since then


class ListedOrder(TypedDict):
    """An order in a list. Times in UTC, money in minor units."""

    order_id: UUID
    external_id: str | None
    path: str | None
    status: str | None
    stage: str | None
    final: str | None
    status_since: datetime | None
    due_at: datetime | None
    overdue: bool
    order_type: str | None
    channel: str | None
    shop: str | None
    test: bool
    customer_id: str | None
    owner_user: str | None
    owner_group: str | None
    placed_at: datetime | None
    items_status: str
    payment_status: str
    total_minor: int
    paid_minor: int
    currency: str | None


class OrderPage(TypedDict):
    """A page of orders, and what the next one begins behind."""

    orders: list[ListedOrder]
    next: str | None  # null: there are no more


@dataclass(frozen=True, slots=True)
class Filter:
    """What the orders are like; None: whatever."""

    path: str | None = None
    status: str | None = None
    stage: str | None = None
    shop: str | None = None
    order_type: str | None = None
    channel: str | None = None
    external_id: str | None = None
    customer_id: str | None = None
    owner_user: str | None = None
    owner_group: str | None = None
    open: bool | None = None
    overdue: bool | None = None
    test: bool | None = False


def list_orders(
    reader: Reader, wanted: Filter, *, cursor: str | None = None, limit: int = 100
) -> OrderPage:
    """List orders, those that were placed last first; those of which that is not known, last.

    Shape:  0..limit rows; ties by order_id
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    placed_at, order_id = _behind(cursor)
    parameters: dict[str, Any] = {
        **{name: getattr(wanted, name) for name in Filter.__slots__},
        "placed_at": placed_at,
        "order_id": order_id,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    behind = _EVERY if cursor is None else _BEHIND
    rows = cast(list[Any], reader.execute(_LISTED + behind + _PAGE, parameters).fetchall())
    page = rows[:limit]
    more = len(rows) > limit
    return {"orders": page, "next": _cursor(page[-1]) if more else None}


def _cursor(row: ListedOrder) -> str:
    placed_at = row["placed_at"]
    micros = NOT_KNOWN if placed_at is None else (placed_at - EPOCH) // MICROSECOND
    text = f"{micros} {row['order_id']}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _behind(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    if cursor is None:
        return None, None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        micros, order_id = urlsafe_b64decode(padded.encode("ascii")).decode("ascii").split(" ")
        placed_at = None if micros == NOT_KNOWN else EPOCH + int(micros) * MICROSECOND
        return placed_at, UUID(order_id)
    except (ValueError, OverflowError):
        raise Unusable("the cursor is none that an answer gave as `next`") from None


# The order of the index orders_latest: a page costs what is on it, however many orders there are.
_LISTED: Final[LiteralString] = """
    select order_id, external_id, path, status, stage, final, status_since, due_at, overdue,
           order_type, channel, shop, test, customer_id, owner_user, owner_group, placed_at,
           items_status, payment_status, total_minor, paid_minor, currency
    from orders
    where (%(path)s::text is null or path = %(path)s)
      and (%(status)s::text is null or status = %(status)s)
      and (%(stage)s::text is null or stage = %(stage)s)
      and (%(shop)s::text is null or shop = %(shop)s)
      and (%(order_type)s::text is null or order_type = %(order_type)s)
      and (%(channel)s::text is null or channel = %(channel)s)
      and (%(external_id)s::text is null or external_id = %(external_id)s)
      and (%(customer_id)s::text is null or customer_id = %(customer_id)s)
      and (%(owner_user)s::text is null or owner_user = %(owner_user)s)
      and (%(owner_group)s::text is null or owner_group = %(owner_group)s)
      and (%(open)s::boolean is null or (final is null) = %(open)s)
      and (%(overdue)s::boolean is null or overdue = %(overdue)s)
      and (%(test)s::boolean is null or test = %(test)s)
"""
_EVERY: Final[LiteralString] = ""
_BEHIND: Final[LiteralString] = """
      and (coalesce(placed_at, '-infinity'), order_id)
        < (coalesce(%(placed_at)s::timestamptz, '-infinity'), %(order_id)s::uuid)
"""
_PAGE: Final[LiteralString] = """
    order by coalesce(placed_at, '-infinity') desc, order_id desc limit %(limit)s
"""
