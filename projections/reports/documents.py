"""Question: which documents were issued, and how far are they?"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, name, page_of
from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Which documents are meant; None: whatever it is."""

    order_id: UUID | None = None
    kind: str | None = None
    status: str | None = None


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


class DocumentPage(TypedDict):
    """A page of documents, and what the next one begins behind."""

    documents: list[ListedDocument]
    next: str | None  # null: there are no more


def list_documents(
    reader: Reader,
    sought: Sought,
    *,
    cursor: str | None = None,
    limit: int = MOST_LISTED,
) -> DocumentPage:
    """List documents, of one order, kind or status, or all; the latest first.

    Shape:  0..limit rows; ties by order and document.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    issued_at, last_order, last_document = behind(cursor, moment, UUID, name)
    wanted: dict[str, Any] = asdict(sought) | {
        "issued_at": issued_at,
        "last_order": last_order,
        "last_document": last_document,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    rows = reader.execute(_DOCUMENTS, wanted).fetchall()
    page, last = page_of(rows, limit, "issued_at", "order_id", "document_id")
    return {"documents": cast(list[ListedDocument], page), "next": last}


_DOCUMENTS: Final = """
    select order_id, document_id, kind, series, number, status, status_since, issued_at,
           total_minor, currency
    from documents
    where (%(order_id)s::uuid is null or order_id = %(order_id)s)
      and (%(kind)s::text is null or kind = %(kind)s)
      and (%(status)s::text is null or status = %(status)s)
      and (%(last_order)s::uuid is null or issued_at < %(issued_at)s::timestamptz
           or (issued_at = %(issued_at)s::timestamptz
               and (order_id, document_id) > (%(last_order)s::uuid, %(last_document)s::text)))
    order by issued_at desc, order_id, document_id limit %(limit)s
"""
