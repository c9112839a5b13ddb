"""Question: which orders are meant? Conditions on the columns of analytics.orders, no free SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import sql

from projections.reports.scope import Reader

# Each condition's value is a list, any of which may hold; those of a time or length have one.
CONDITIONS: Final[Mapping[str, LiteralString]] = {
    "status": "o.status = any(%(status)s)",
    "stage": "o.stage = any(%(stage)s)",
    "path": "o.path = any(%(path)s)",
    "path_version": "o.path_version = any(%(path_version)s)",
    "shop": "o.shop = any(%(shop)s)",
    "channel": "o.channel = any(%(channel)s)",
    "order_type": "o.order_type = any(%(order_type)s)",
    "owner": "(o.owner_user = any(%(owner)s) or o.owner_group = any(%(owner)s))",
    "test": "o.test = any(%(test)s)",
    "silent_for": "o.final is null and o.status_since < %(now)s - (%(silent_for)s)[1]",
    "placed_after": "o.placed_at >= (%(placed_after)s)[1]",
    "placed_before": "o.placed_at < (%(placed_before)s)[1]",
    "order_id": "o.order_id = any(%(order_id)s)",
}

_QUESTION: Final = sql.SQL(
    "select o.order_id from orders o where {} order by o.placed_at, o.order_id limit %(limit)s"
)


def list_selected(
    reader: Reader, wanted: Mapping[str, Sequence[Any]], now: datetime, limit: int
) -> list[UUID]:
    """List the orders that meet all conditions, of which there is at least one, the oldest first.

    Test orders are orders like the others.
    Shape:  0..limit ids, those of orders without a placement last; ties by order_id.
    Raises: KeyError for a condition that there is not.
    """
    conditions = sql.SQL(" and ").join(sql.SQL(CONDITIONS[name]) for name in wanted)
    rows = reader.execute(_QUESTION.format(conditions), {**wanted, "now": now, "limit": limit})
    return [row["order_id"] for row in rows]


def list_by_number(reader: Reader, numbers: Sequence[str]) -> dict[str, list[UUID]]:
    """Give the orders that have these numbers in their sources; unknown numbers are missing."""
    rows = reader.execute(
        "select external_id, array_agg(order_id order by order_id) as order_ids"
        " from orders where external_id = any(%s) group by external_id",
        (list(numbers),),
    )
    return {row["external_id"]: row["order_ids"] for row in rows}
