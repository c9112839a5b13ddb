"""Documents of an order, such as invoices: their numbers and how far they are.

They live in the order's stream, because conditions of its path ask for them: docs/documents.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain.orders.document_events import DocumentIssued, DocumentMoved

ISSUED: Final = "issued"
CANCELLED: Final = "cancelled"

# A cancelled document keeps its number.
DOCUMENT_MOVES: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        (ISSUED, "sent"),
        (ISSUED, "paid"),
        (ISSUED, CANCELLED),
        ("sent", "paid"),
        ("sent", CANCELLED),
        ("paid", CANCELLED),
    }
)


@dataclass(frozen=True, slots=True)
class Document:
    """One document. Immutable: events give a new one."""

    document_id: str
    kind: str
    series: str
    number: str
    status: str = ISSUED
    total_minor: int = 0  # what the order cost when it was issued
    currency: str | None = None


Documents = Mapping[str, Document]  # by id
DocumentEvent = DocumentIssued | DocumentMoved


def after_document(documents: Documents, event: DocumentEvent) -> Documents:
    """Give the documents after one more event. Never refuses: evolve calls it."""
    if isinstance(event, DocumentIssued):
        return {**documents, event.document_id: Document(**event.model_dump())}
    known = documents.get(event.document_id)
    if known is None:
        return documents
    return {**documents, event.document_id: replace(known, status=event.to_status)}
