"""Question: which orders were moved against the usual way, and by whom?"""

from datetime import datetime, timedelta
from typing import Final, LiteralString, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, Scope, checked_limit

A_DAY: Final = timedelta(days=1)
MOST_LISTED: Final = 10_000

Override = TypedDict(
    "Override",
    {
        "order_id": UUID,
        "external_id": str | None,
        "path": str | None,
        "used_at": datetime,
        "from": str,
        "to": str,
        "actor_kind": str,
        "actor_id": str,
        "on_behalf_of": str | None,
        "version": int,
        "position": int,
    },
)


class Overrides(TypedDict):
    """Overrides of some time, the latest first."""

    as_of: datetime | None  # null: now
    total: int  # also where fewer are listed
    overrides: list[Override]


def list_overrides(
    reader: Reader, scope: Scope, *, since: timedelta = A_DAY, limit: int = MOST_LISTED
) -> Overrides:
    """List the overrides of so much time up to and including the moment, the latest first.

    Shape:  overrides: 0..limit rows; at the same moment the later in the log first.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    limit = checked_limit(limit, MOST_LISTED)
    parameters = {**scope.parameters, "since": since, "limit": limit}
    rows = reader.execute(_QUESTION, parameters).fetchall()
    total = rows[0]["total"] if rows else 0
    for row in rows:
        del row["total"]
    return {"as_of": scope.as_of, "total": total, "overrides": [cast(Override, r) for r in rows]}


_QUESTION: Final[LiteralString] = """
    with moment as (select coalesce(%(as_of)s::timestamptz, now()) as at)
    select u.order_id, o.external_id, o.path, u.used_at, u.from_status as "from",
           u.to_status as "to", u.actor_kind, u.actor_id, u.on_behalf_of, u.version, u.position,
           count(*) over () as total
    from moment, overrides u join orders o using (order_id)
    where u.used_at > moment.at - %(since)s::interval and u.used_at <= moment.at
      and u.recorded_at <= coalesce(%(as_known)s::timestamptz, 'infinity')
      and (%(path)s::text is null or o.path = %(path)s)
    order by u.used_at desc, u.position desc limit %(limit)s
"""
