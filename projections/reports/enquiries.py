"""Question: which enquiries are there, and how many became orders?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, page_of
from projections.reports.scope import Reader, checked_limit

STATES: Final = ("open", "ordered", "closed")
MOST_LISTED: Final = 100_000


class ListedEnquiry(TypedDict):
    """An enquiry, without what was asked."""

    enquiry_id: UUID
    channel: str
    customer_id: str | None
    asked_at: datetime
    state: str
    ended_at: datetime | None
    order_id: UUID | None
    reason_code: str | None


class EnquiryShare(TypedDict):
    """What became of the enquiries of a channel."""

    channel: str
    enquiries: int
    open: int
    closed: int
    ordered: int
    won: int
    share: float  # ordered by enquiries, 0 to 1


class EnquiriesNow(TypedDict):
    """How many enquiries became orders, a page of them, and what the next one begins behind."""

    channels: list[EnquiryShare]
    enquiries: list[ListedEnquiry]
    next: str | None  # null: there are no more


def list_enquiries(
    reader: Reader,
    *,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = MOST_LISTED,
) -> EnquiriesNow:
    """Count all enquiries by channel, and list those in a state.

    Shape:  enquiries: 0..limit rows, what was asked first comes first, ties by enquiry_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    asked_at, enquiry_id = behind(cursor, moment, UUID)
    wanted: dict[str, Any] = {
        "state": state,
        "asked_at": asked_at,
        "enquiry_id": enquiry_id,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    rows = reader.execute(_LISTED, wanted).fetchall()
    page, last = page_of(rows, limit, "asked_at", "enquiry_id")
    return {
        "channels": cast(list[EnquiryShare], reader.execute(_CHANNELS).fetchall()),
        "enquiries": cast(list[ListedEnquiry], page),
        "next": last,
    }


_CHANNELS: Final = """
    select channel, sum(enquiries)::bigint as enquiries, sum(open)::bigint as open,
           sum(closed)::bigint as closed, sum(ordered)::bigint as ordered, sum(won)::bigint as won,
           sum(ordered)::double precision / sum(enquiries)::double precision as share
    from enquiry_conversion group by channel order by channel
"""

_LISTED: Final = """
    select enquiry_id, channel, customer_id, asked_at, state, ended_at, order_id, reason_code
    from enquiries
    where (%(state)s::text is null or state = %(state)s)
      and (%(enquiry_id)s::uuid is null
           or (asked_at, enquiry_id) > (%(asked_at)s::timestamptz, %(enquiry_id)s::uuid))
    order by asked_at, enquiry_id limit %(limit)s
"""
