"""`orderpath document …`: invoices and the like, and how their numbers are written."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import priced
from services.cli.options import (
    LISTED_FOR_PEOPLE,
    AsJson,
    Envelope,
    Limit,
    OrderRef,
    Sending,
    said,
    unfolded,
)
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, send, where
from services.cli.session import opened, up_to_date

if TYPE_CHECKING:
    from uuid import UUID

    from domain.messages import Outcome
    from domain.orders.events import DocumentIssued
    from services.bootstrap import System

app: Final = typer.Typer(
    name="document",
    help="Issue invoices and other documents of orders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="What it is, as a code: invoice, waybill, act, …")
]
Series = Annotated[
    str | None,
    typer.Option(metavar="CODE", help="Whose number it gets; by default that of its kind."),
]


@dataclass(frozen=True, slots=True)
class Writing:
    """How the numbers of a series are written."""

    prefix: Annotated[
        str, typer.Option(metavar="TEXT", help="What stands in front; no digits.")
    ] = ""
    width: Annotated[int, typer.Option(metavar="N", help="Digits at least.")] = 1
    yearly: Annotated[
        bool, typer.Option("--yearly", help="Begin at 1 each year; the number bears the year.")
    ] = False
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Where the year turns, as Europe/Berlin.")
    ] = "UTC"


@app.command()
@unfolded
def issue(
    order: OrderRef,
    kind: Kind,
    series: Series = None,
    document: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="By default invoice-1, …")
    ] = None,
    *,
    sending: Sending,
) -> None:
    """Issue a document with the next number of its series."""
    from domain.orders.commands import IssueDocument
    from domain.orders.events import stream_of
    from services.reading import find_order

    body = said(kind=kind, series=series, document_id=document)
    with opened() as system:
        order_id = find_order(system, order)
        outcome = execute(system, IssueDocument, sending, {"order_id": order_id, **body})
        issued = _issued(system, order_id, outcome)
        answer = outcome_dict(system, outcome, stream_of(order_id), order_id=str(order_id))
        answer["document_id"] = issued.document_id if issued else document
        answer["number"] = issued.number if issued else None
        put_outcome(outcome, answer, sending, lambda: _sentence(issued, outcome))


@app.command()
@unfolded
def move(
    order: OrderRef,
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its id within the order.")],
    status: Annotated[str, typer.Argument(metavar="STATUS", help="sent, paid or cancelled.")],
    reason_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Why; mandatory to cancel.")
    ] = None,
    *,
    sending: Sending,
) -> None:
    """Note that a document was sent or paid, or cancel it; it keeps its number."""
    from domain.orders.commands import MoveDocument

    body = {"document_id": document, "to_status": status}
    send(order, sending, MoveDocument, body | said(reason_code=reason_code))


@app.command("list")
def list_them(
    order: Annotated[
        str | None, typer.Argument(metavar="ORDER", help="By default those of all orders.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only of this one.")] = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only in this one.")] = None,
    limit: Limit = None,
    json: AsJson = False,
) -> None:
    """List documents, the latest first."""
    from projections.reports.documents import MOST_LISTED, list_documents
    from services.reading import find_order

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    with up_to_date() as system:
        order_id = None if order is None else find_order(system, order)
        with system.snapshot() as reader:
            rows: list[Any] = list_documents(
                reader, order_id=order_id, kind=kind, status=status, limit=most
            )
    columns = (
        "order!", "document", "kind", "series", "number", "status", "since (UTC)",
        "issued (UTC)", "total>",
    )  # fmt: skip
    cells = [
        [priced(n, value, row["currency"]) for n, value in row.items() if n != "currency"]
        for row in rows
    ]
    put(rows, as_json=json, people=lambda: [table("Documents", *columns, rows=cells)])


@app.command()
@unfolded
def series(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The series.")],
    *,
    writing: Writing,
    envelope: Envelope,
) -> None:
    """Say how the numbers of a series are written from now on."""
    from domain.documents.commands import DefineSeries
    from domain.documents.events import stream_of

    with opened() as system:
        outcome = execute(
            system, DefineSeries, envelope, {"series": code, "format": asdict(writing)}
        )
        answer = outcome_dict(system, outcome, stream_of(code), series=code)
        put_outcome(outcome, answer, envelope, lambda: _defined(code, outcome))


def _issued(system: "System", order_id: "UUID", outcome: "Outcome") -> "DocumentIssued | None":
    """Give the document that a command issued, also one of long ago."""
    from domain.orders.events import DocumentIssued
    from services.reading import load_order

    for recorded in load_order(system, order_id) if outcome.kind == "accepted" else ():
        event = recorded.event
        if recorded.position == outcome.first_position and isinstance(event, DocumentIssued):
            return event
    return None


def _sentence(issued: "DocumentIssued | None", outcome: "Outcome") -> str:
    if issued is None:
        return "Nothing to do: the document is issued already."
    return f"{issued.document_id} has the number {issued.number}; {where(outcome)}"


def _defined(code: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: the numbers of {code} are written so already."
    return f"Series {code} is defined; {where(outcome)}"
