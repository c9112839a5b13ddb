"""Papers: what of an order is printed, or put to a mail. Only their names are stored, never a page.

services.papers makes them; effects name them.
"""

from typing import Literal

from domain.messages import Name, Shape
from domain.orders.documents import CANCELLED, Document
from domain.orders.order import Order
from domain.refusals import Unmet

PaperKind = Literal["order", "invoice", "packing_list"]


class Paper(Shape):
    """What is wanted on paper."""

    kind: PaperKind
    document_id: Name | None = None  # of an invoice; None: the latest that is not cancelled


class DrawnPaper(Paper):
    """What is printed: the same page, whenever it is."""

    order_version: int  # the order as of this version


def document_of(order: Order, paper: Paper) -> Document | None:
    """Give the document that a paper shows; None: it shows none, or there is no such document."""
    if paper.document_id is not None:
        named = order.documents.get(paper.document_id)
        return named if named and named.kind == paper.kind else None
    of_kind = (one for one in order.documents.values() if one.kind == paper.kind)
    live = [one for one in of_kind if one.status != CANCELLED]
    return live[-1] if live else None


def against_paper(order: Order, paper: Paper) -> list[Unmet]:
    """An invoice is one that was issued; anything else that an order has can be printed."""
    if paper.kind != "invoice" and paper.document_id is None:
        return []
    if document_of(order, paper) is not None:
        return []
    return [
        Unmet(
            code="paper_without_document",
            field="attach.document_id",
            message=f"The order has no such {paper.kind.replace('_', ' ')}",
            needed="issue it first; `orderpath document list` names what there is",
        )
    ]
