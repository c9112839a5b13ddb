"""Question: which orders that are not finished does a version of a path leave behind?"""

from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from projections.reports.scope import Reader


class Standing(TypedDict):
    """Orders of a path that are not finished and stand in one status."""

    status: str
    orders: int
    oldest_at: datetime  # when the one that is in it for the longest entered
    totals_minor: dict[str, int]  # currency -> what they cost, minor units


def list_standing(reader: Reader, path: str) -> list[Standing]:
    """List where the orders of a path stand that are not finished, test orders among them.

    Shape: one row per status, the one with the most orders first, ties by status.
    """
    found: dict[str, Standing] = {}
    for row in reader.execute(_STANDING, [path]):
        one = found.setdefault(
            row["status"],
            {
                "status": row["status"],
                "orders": 0,
                "oldest_at": row["oldest_at"],
                "totals_minor": {},
            },
        )
        one["orders"] += row["orders"]
        one["oldest_at"] = min(one["oldest_at"], row["oldest_at"])
        if row["currency"] is not None:
            one["totals_minor"][row["currency"]] = row["total_minor"]
    return sorted(found.values(), key=lambda one: (-one["orders"], one["status"]))


def list_left_behind(
    reader: Reader,
    to: tuple[str, int],
    *,
    path: str,
    version: int | None,
    limit: int,
) -> list[UUID]:
    """List the orders of a path (of one version, if it is named) that are not finished and do not
    follow `to`, the oldest first.

    Shape: 0..limit ids; ties by order_id.
    """
    named = {"path": path, "version": version, "to": to[0], "to_version": to[1], "limit": limit}
    return [row["order_id"] for row in reader.execute(_LEFT_BEHIND, named)]


_STANDING: Final = """
    select o.status, o.currency, count(*) as orders, sum(o.total_minor)::bigint as total_minor,
           min(o.status_since) as oldest_at
    from orders o
    where o.path = %s and o.final is null and o.status is not null
    group by o.status, o.currency order by o.status, o.currency
"""
_LEFT_BEHIND: Final = """
    select o.order_id from orders o
    where o.path = %(path)s and o.final is null and o.status is not null
      and (%(version)s::integer is null or o.path_version = %(version)s)
      and (o.path, o.path_version) is distinct from (%(to)s::text, %(to_version)s::integer)
    order by o.placed_at, o.order_id limit %(limit)s
"""
