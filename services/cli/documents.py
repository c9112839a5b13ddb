"""`orderpath document …`: invoices and the like, and how their numbers are written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.amounts import priced
from services.cli.options import (
    AsJson,
    Cursor,
    Envelope,
    Limit,
    OrderRef,
    Sending,
    more,
    most,
    said,
    unfolded,
)
from services.cli.output import put, table
from services.cli.sending import (
    execute,
    find_id,
    first_made,
    outcome_dict,
    put_outcome,
    send,
    where,
)
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.messages import Outcome

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
class Chosen:
    """Which documents are meant."""

    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only of this one.")] = None
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only in this one.")] = None


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
    from domain.orders.events import DocumentIssued, stream_of

    body = said(kind=kind, series=series, document_id=document)
    with opened_desk() as desk:
        order_id = find_id(desk, order)
        outcome = execute(desk, IssueDocument, sending, {"order_id": order_id, **body})
        issued = first_made(desk, order_id, outcome, DocumentIssued.NAME)
        answer = outcome_dict(desk, outcome, stream_of(order_id), order_id=str(order_id))
        answer["document_id"] = issued[0] if issued else document
        answer["number"] = issued[1]["number"] if issued else None
        put_outcome(outcome, answer, sending, lambda: _sentence(answer, outcome))


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
@unfolded
def list_them(
    order: Annotated[
        str | None, typer.Argument(metavar="ORDER", help="By default those of all orders.")
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    *,
    chosen: Chosen,
    json: AsJson = False,
) -> None:
    """List documents, the latest first."""
    from services.questions.parts import Documents

    page = {"limit": most(limit, everything=json), "cursor": cursor}
    wanted = said(order=order, **asdict(chosen), **page)
    with opened_desk() as desk:
        answer = desk.ask(Documents(**wanted))
    columns = (
        "order!", "document", "kind", "series", "number", "status", "since (UTC)",
        "issued (UTC)", "total>",
    )  # fmt: skip
    cells = [
        [priced(n, value, row["currency"]) for n, value in row.items() if n != "currency"]
        for row in answer["documents"]
    ]
    put(
        answer,
        as_json=json,
        people=lambda: [table("Documents", *columns, rows=cells), *more(answer)],
    )


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

    with opened_desk() as desk:
        outcome = execute(desk, DefineSeries, envelope, {"series": code, "format": asdict(writing)})
        answer = outcome_dict(desk, outcome, stream_of(code), series=code)
        put_outcome(outcome, answer, envelope, lambda: _defined(code, outcome))


def _sentence(answer: Mapping[str, Any], outcome: "Outcome") -> str:
    if answer["number"] is None:
        return "Nothing to do: the document is issued already."
    return f"{answer['document_id']} has the number {answer['number']}; {where(outcome)}"


def _defined(code: str, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: the numbers of {code} are written so already."
    return f"Series {code} is defined; {where(outcome)}"
