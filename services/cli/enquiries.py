"""`orderpath enquiry …`: what somebody asked by web or phone, and what became of it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from services.cli.options import (
    AsJson,
    Cursor,
    Envelope,
    Limit,
    more,
    most,
    said,
    unfolded,
    uuid_of,
)
from services.cli.output import put, table
from services.cli.sending import execute, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.enquiries.commands import EnquiryCommand
    from domain.messages import Outcome

app: Final = typer.Typer(
    name="enquiry",
    help="Write down what is asked, before it becomes an order.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

EnquiryId = Annotated[UUID, typer.Argument(parser=uuid_of, metavar="ENQUIRY")]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as it is said."""

    customer_id: Annotated[str | None, typer.Option(metavar="ID")] = None
    name: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    phone: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    email: Annotated[str | None, typer.Option(metavar="TEXT")] = None


@app.command()
@unfolded
def record(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is asked.")],
    channel: Annotated[str, typer.Option(metavar="CODE", help="web, phone, …")] = "phone",
    *,
    asker: Asker,
    envelope: Envelope,
) -> None:
    """Write an enquiry down; whoever asks becomes a customer."""
    from domain.enquiries.commands import RecordEnquiry

    new = envelope.new_id("enquiry")
    who = said(**asdict(asker))
    body = {"channel": channel, "text": text} | ({"customer": who} if who else {})
    _send(RecordEnquiry, new, envelope, body)


@app.command()
@unfolded
def close(
    enquiry: EnquiryId,
    reason_code: Annotated[str, typer.Option(metavar="CODE", help="Why: too_expensive, …")],
    *,
    envelope: Envelope,
) -> None:
    """End an enquiry without an order. With one: `orderpath order place --enquiry`."""
    from domain.enquiries.commands import CloseEnquiry

    _send(CloseEnquiry, enquiry, envelope, {"reason_code": reason_code})


@app.command("list")
def list_(
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="open, ordered or closed.")
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    json: AsJson = False,
) -> None:
    """List enquiries, and how many became orders."""
    from projections.reports.enquiries import STATES
    from services.questions.enquiries import Enquiries

    if state not in (None, *STATES):
        raise typer.BadParameter(f"--state is one of {', '.join(STATES)}")
    wanted = said(state=state, limit=most(limit, everything=json), cursor=cursor)
    with opened_desk() as desk:
        answer = desk.ask(Enquiries.model_validate(wanted))
    put(answer, as_json=json, people=lambda: [*_sheet(answer), *more(answer)])


@app.command()
def show(enquiry: EnquiryId, json: AsJson = False) -> None:
    """Show what was asked, by whom, and what became of it."""
    from services.questions.enquiries import ShowEnquiry

    with opened_desk() as desk:
        view = desk.ask(ShowEnquiry(enquiry=enquiry))
    rows = [
        (n.replace("_", " "), v) for n, v in view.items() if n != "enquiry_id" and v is not None
    ]
    put(view, as_json=json, people=lambda: [table(f"Enquiry {enquiry}", "", "", rows=rows)])


def _send(
    command: "type[EnquiryCommand]", enquiry_id: UUID, envelope: Envelope, body: Mapping[str, Any]
) -> None:
    from domain.enquiries.events import enquiry_stream

    with opened_desk() as desk:
        outcome = execute(desk, command, envelope, {"enquiry_id": enquiry_id, **body})
        stream = enquiry_stream(enquiry_id)
        answer = outcome_dict(desk, outcome, stream, enquiry_id=str(enquiry_id))
    put_outcome(outcome, answer, envelope, lambda: _sentence(enquiry_id, outcome))


def _sentence(enquiry_id: UUID, outcome: "Outcome") -> str:
    if outcome.kind == "nothing":
        return f"Nothing to do: enquiry {enquiry_id} is so already."
    return f"Enquiry {enquiry_id}: {where(outcome)}"


def _sheet(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    columns = ("channel", "enquiries", "open", "closed", "ordered", "won")
    yield table(
        "What became of enquiries",
        "channel", *(f"{name}>" for name in columns[1:]), "became orders>",
        rows=(
            [*(one[name] for name in columns), f"{one['share']:.0%}"] for one in answer["channels"]
        ),
    )  # fmt: skip
    if answer["enquiries"]:
        yield table(
            None,
            "enquiry!", "channel", "customer?", "asked (UTC)", "state", "ended (UTC)?", "order?",
            "why?",
            rows=(list(one.values()) for one in answer["enquiries"]),
        )  # fmt: skip
