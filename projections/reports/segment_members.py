"""Questions: which groups of customers are there, and who is in one? Ids only, never a name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString, TypedDict, cast

from projections.reports.cursor import behind, name, page_of
from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000

Condition = tuple[str, str]  # (tag, mark or reason; its code)


class Group(TypedDict):
    """All customers with one tag, one mark, or an order that stands failed for one reason."""

    segment: str  # tag:vip
    customers: int


class Member(TypedDict):
    """A customer of a segment; orders without test orders."""

    customer_id: str
    tags: list[str]
    marks: list[str]
    orders: int
    last_order_at: datetime | None


def list_groups(reader: Reader) -> list[Group]:
    """List every tag, mark and cancel reason that a customer has, the largest group first."""
    return cast(list[Group], reader.execute(_SEGMENTS, _parameters(())).fetchall())


def count_members(reader: Reader, conditions: Sequence[Condition]) -> int:
    """Count the customers for whom all conditions hold; without test customers."""
    (row,) = reader.execute(_COUNT, _parameters(conditions)).fetchall()
    return int(row["customers"])


def list_members(
    reader: Reader, conditions: Sequence[Condition], limit: int, cursor: str | None = None
) -> tuple[list[Member], str | None]:
    """List the customers for whom all conditions hold, and what the next page begins behind.

    Shape:  0..limit rows, by customer_id; None: there are no more
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    (after,) = behind(cursor, name)
    most = checked_limit(limit, MOST_LISTED) + 1
    wanted = _parameters(conditions) | {"after": after or "", "limit": most}
    page, last = page_of(reader.execute(_MEMBERS, wanted).fetchall(), limit, "customer_id")
    return cast(list[Member], page), last


def _parameters(conditions: Sequence[Condition]) -> dict[str, object]:
    named = sorted({f"{kind}:{code}" for kind, code in conditions})
    return {"named": named, "number": len(named)}


# Whoever has test orders only is a test customer.
_BELONGS: Final[LiteralString] = """
    with known as (
        select c.* from customers c
        where not coalesce((select bool_and(o.test) from orders o
                            where o.customer_id = c.customer_id), false)
    ), belongs as (
        select customer_id, 'tag:' || tag as segment
        from segment_members join known using (customer_id) where tag is not null
        union
        select customer_id, 'reason:' || reason_code
        from segment_members join known using (customer_id) where reason_code is not null
        union
        select customer_id, 'mark:' || unnest(marks) from known
    ), meant as (
        select customer_id from belongs where segment = any(%(named)s)
        group by customer_id having count(*) = %(number)s
    )
"""


def _asked(question: LiteralString) -> LiteralString:
    return _BELONGS + question


_SEGMENTS: Final = _asked("""
    select segment, count(*) as customers from belongs group by segment
    order by customers desc, segment
""")

_COUNT: Final = _asked("select count(*) as customers from meant")

_MEMBERS: Final = _asked("""
    select k.customer_id, k.tags, k.marks, k.orders, k.last_order_at
    from meant join known k using (customer_id)
    where k.customer_id > %(after)s order by k.customer_id limit %(limit)s
""")
