"""Question: which documents were issued, and how far are they?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


class ListedDocument(TypedDict):
    """A document of an order. Money in minor units."""

    order_id: UUID
    document_id: str
    kind: str
    series: str
    number: str
    status: str
    status_since: datetime
    issued_at: datetime
    total_minor: int
    currency: str | None


def list_documents(
    reader: Reader,
    *,
    order_id: UUID | None = None,
    kind: str | None = None,
    status: str | None = None,
    limit: int = MOST_LISTED,
) -> list[ListedDocument]:
    """List documents, of one order, kind or status, or all; the latest first.

    Shape:  0..limit rows; ties by order and document.
    Raises: ValueError if limit is not in 1..MOST_LISTED.
    """
    wanted: dict[str, Any] = {
        "order_id": order_id,
        "kind": kind,
        "status": status,
        "limit": checked_limit(limit, MOST_LISTED),
    }
    return cast(list[ListedDocument], reader.execute(_DOCUMENTS, wanted).fetchall())


_DOCUMENTS: Final = """
    select order_id, document_id, kind, series, number, status, status_since, issued_at,
           total_minor, currency
    from documents
    where (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (%(kind)s::text is null or kind = %(kind)s)
      and (%(status)s::text is null or status = %(status)s)
    order by issued_at desc, order_id, document_id limit %(limit)s
"""
