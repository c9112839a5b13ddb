"""Question: who owes how much, and since when?"""

from datetime import datetime
from typing import Any, Final, LiteralString, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class Age(TypedDict):
    """All that has been owed for so long."""

    age_bucket: str  # days: 0-7, 8-30, 31-60, 61-90, 91+
    currency: str | None
    orders: int
    unpaid_minor: int


class Debtor(TypedDict):
    """All that one customer owes."""

    customer_id: str | None
    currency: str | None
    orders: int
    unpaid_minor: int
    since: datetime  # of the oldest


class Debt(TypedDict):
    """What is owed for one order."""

    order_id: UUID
    external_id: str | None
    customer_id: str | None
    path: str | None
    status: str | None
    owner_user: str | None
    owner_group: str | None
    currency: str | None
    total_minor: int
    unpaid_minor: int
    since: datetime
    age_days: int
    age_bucket: str


class Receivables(TypedDict):
    """By age, by customer, by order; ages and customers count all orders."""

    ages: list[Age]
    customers: list[Debtor]
    orders: list[Debt]


def list_receivables(
    reader: Reader, path: str | None = None, limit: int = MOST_LISTED
) -> Receivables:
    """List what is owed on all paths, or on one.

    Shape:  ages from young to old; customers and orders 0..limit rows each: customers by amount,
            orders the oldest first, ties by order_id.
    Units:  *_minor in minor units of the currency; age_days whole days of wall time.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    parameters: dict[str, Any] = {"path": path, "limit": checked_limit(limit, MOST_LISTED)}
    ages, customers, orders = (
        reader.execute(question, parameters).fetchall()
        for question in (_BY_AGE, _BY_CUSTOMER, _BY_ORDER)
    )
    return {
        "ages": [cast(Age, row) for row in ages],
        "customers": [cast(Debtor, row) for row in customers],
        "orders": [cast(Debt, row) for row in orders],
    }


_OWED: Final[LiteralString] = """
    from receivables r where %(path)s::text is null or r.path = %(path)s
"""
_BY_AGE: Final[LiteralString] = (
    "select r.age_bucket, r.currency, count(*) as orders,"
    " sum(r.unpaid_minor)::bigint as unpaid_minor"
    + _OWED
    + "group by r.age_bucket, r.currency order by min(r.age_days), r.currency"
)
_BY_CUSTOMER: Final[LiteralString] = (
    "select r.customer_id, r.currency, count(*) as orders,"
    " sum(r.unpaid_minor)::bigint as unpaid_minor, min(r.since) as since"
    + _OWED
    + "group by r.customer_id, r.currency"
    " order by sum(r.unpaid_minor) desc, r.customer_id, r.currency limit %(limit)s"
)
_BY_ORDER: Final[LiteralString] = (
    "select r.order_id, r.external_id, r.customer_id, r.path, r.status, r.owner_user,"
    " r.owner_group, r.currency, r.total_minor, r.unpaid_minor, r.since, r.age_days, r.age_bucket"
    + _OWED
    + "order by r.since, r.order_id limit %(limit)s"
)
