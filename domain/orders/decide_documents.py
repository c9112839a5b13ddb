"""Decisions about documents: to issue one takes a number of its series in the same append."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from domain.documents.events import NumberTaken
from domain.documents.series import Series
from domain.hints import one_of
from domain.messages import Decided, Verdict, is_key, named
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import guards
from domain.orders.documents import CANCELLED, DOCUMENT_MOVES, Document
from domain.orders.order import Order
from domain.refusals import Refusal, Unmet

MAX_DOCUMENTS = 200  # of one order
Issued = tuple[list[Decided], list[Decided]]  # of the order, of the series


def issue(order: Order, series: Series, cmd: c.IssueDocument, now: datetime) -> Issued:
    """Give the next number to a new document; a known one keeps its own."""
    unmet = [
        *guards.order_exists(order, cmd.order_id),
        *guards.status_is_as_expected(order, cmd),
        *guards.time_is_allowed(cmd, now),
    ]
    known = order.documents.get(cmd.document_id or "")
    is_so = known is not None and (known.kind, known.series) == (cmd.kind, cmd.series or cmd.kind)
    if not is_so:
        unmet += [*_is_new(known), *_there_is_room(order)]
    if unmet:
        raise Refusal(*unmet)
    return ([], []) if is_so else _numbered(order, series, cmd, now)


def _numbered(order: Order, series: Series, cmd: c.IssueDocument, now: datetime) -> Issued:
    at = max(now, order.last_occurred_at or now, series.last_occurred_at or now)
    number = series.next_number(at)
    document_id = cmd.document_id or _free_name(order, cmd.kind)
    issued = e.DocumentIssued(
        document_id=document_id,
        kind=cmd.kind,
        series=cmd.series or cmd.kind,
        number=number.number,
        total_minor=order.due_minor,
        currency=order.currency,
    )
    taken = NumberTaken(
        **number._asdict(), kind=cmd.kind, order_id=cmd.order_id, document_id=document_id
    )
    return [Decided(issued, at)], [Decided(taken, at)]


def _is_new(known: Document | None) -> Iterator[Unmet]:
    if known is not None:
        yield Unmet(
            code="document_exists",
            field="document_id",
            message=f"The order has another {named('document', known.document_id)} already:"
            f" {known.kind} {known.number}",
            needed="a document_id of its own",
        )


def _there_is_room(order: Order) -> Iterator[Unmet]:
    if len(order.documents) >= MAX_DOCUMENTS:
        yield Unmet(
            code="too_many_documents",
            message=f"The order has {len(order.documents)} documents already",
            needed=f"at most {MAX_DOCUMENTS}",
        )


def _free_name(order: Order, kind: str) -> str:
    """Give a new document its id within the order: invoice-1, invoice-2, …"""
    return next(name for n in count(1) if (name := f"{kind}-{n}") not in order.documents)


def move(order: Order, cmd: c.MoveDocument) -> Verdict:
    known = order.documents.get(cmd.document_id)
    if known is None:
        unmet = Unmet(
            code="document_unknown",
            field="document_id",
            message=f"The order has no {named('document', cmd.document_id)}",
            needed=one_of(order.documents, "issue it first", is_key),
        )
        return [], [unmet]
    if known.status == cmd.to_status:
        return [], []
    event = e.DocumentMoved(
        document_id=cmd.document_id,
        from_status=known.status,
        to_status=cmd.to_status,
        reason_code=cmd.reason_code,
    )
    return [event], list(_move_is_open(known, cmd))


def _move_is_open(known: Document, cmd: c.MoveDocument) -> Iterator[Unmet]:
    if (known.status, cmd.to_status) not in DOCUMENT_MOVES:
        ways = sorted(to for source, to in DOCUMENT_MOVES if source == known.status)
        yield Unmet(
            code="document_transition_not_allowed",
            field="to_status",
            message=f"No way for a document from {known.status} to {cmd.to_status}",
            needed="one of " + ", ".join(ways) if ways else f"no way from {known.status}",
        )
    if cmd.to_status == CANCELLED:
        yield from guards.is_said("reason_code", cmd.reason_code, "Cancelling a document")
