"""`orderpath document pdf` and `document send`: papers of an order, to a file or to the post."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import USAGE, WANTING, CommandFailed, complain, invalid, unmet_lines
from services.cli.options import Acting, AsJson, OrderRef, said, unfolded
from services.cli.output import put, table
from services.cli.sending import SOURCE, actor_dict
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.documents.papers import Paper
    from services.paper_mail import Asked

PAPER_KINDS: Final = ("order", "invoice", "packing_list")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which paper is meant."""

    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="order, invoice or packing_list.")
    ]
    document: Annotated[
        str | None,
        typer.Option(metavar="ID", help="By default the latest that is not cancelled."),
    ] = None
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="en, ru; by default ORDERPATH_LANGUAGE.")
    ] = None


@dataclass(frozen=True, slots=True)
class Posting(Acting):
    """Who mails it, and what the mail says."""

    template: Annotated[str, typer.Option(metavar="NAME", help="What the mail around it says.")] = (
        "document"
    )
    json: AsJson = False


@unfolded
def pdf(
    order: OrderRef,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Written anew if it is there.")
    ],
    *,
    wanted: Wanted,
) -> None:
    """Print an order, an issued invoice or a packing list as PDF."""
    from services.reading import find_order

    paper = _paper(wanted)
    with opened() as system:
        made = system.papers.draw(find_order(system, order), paper, wanted.language)
    try:
        output.write_bytes(made.content)
    except OSError as error:
        raise CommandFailed(f"{output} cannot be written: {error.strerror}") from None


@unfolded
def send(
    order: OrderRef,
    to: Annotated[
        list[str],
        typer.Option(
            metavar="WHO",
            help="customer, owner, user:NAME, group:NAME, or a customer; repeatable.",
        ),
    ],
    *,
    wanted: Wanted,
    posting: Posting,
) -> None:
    """Mail a paper of an order; the same to the same addressee again is nothing. 1 if refused."""
    from pydantic import ValidationError

    from services.paper_mail import PaperMail, mail_paper
    from services.reading import find_order

    mail = PaperMail(_paper(wanted), to, posting.template, wanted.language)
    envelope = {"actor": actor_dict(posting), "source": SOURCE, **said(reason=posting.reason)}
    with opened() as system:
        try:
            asked = list(mail_paper(system, find_order(system, order), mail, envelope))
        except ValidationError as error:
            raise CommandFailed(invalid(error, "the command"), USAGE) from None
    put([_row(one) for one in asked], as_json=posting.json, people=lambda: [_table(asked)])
    refused = [unmet for one in asked if not one.is_known for unmet in one.outcome.unmet]
    if refused:
        complain(unmet_lines(tuple(dict.fromkeys(refused))))
        raise SystemExit(WANTING)


def _paper(wanted: Wanted) -> "Paper":
    from pydantic import ValidationError

    from domain.documents.papers import Paper

    if wanted.kind not in PAPER_KINDS:
        kinds = ", ".join(PAPER_KINDS)
        raise typer.BadParameter(f"{wanted.kind!r} is no paper: choose one of {kinds}")
    try:
        return Paper.model_validate({"kind": wanted.kind, "document_id": wanted.document})
    except ValidationError as error:
        raise CommandFailed(invalid(error, "the command"), USAGE) from None


def _row(asked: "Asked") -> dict[str, Any]:
    return {
        "effect_id": str(asked.effect_id),
        "to": asked.to,
        "outcome": "nothing" if asked.is_known else asked.outcome.kind,
        "unmet": [] if asked.is_known else [one.model_dump() for one in asked.outcome.unmet],
    }


def _table(asked: "list[Asked]") -> Any:
    words = {"accepted": "will be sent", "refused": "refused", "nothing": "asked for before"}
    rows = [[one["to"], words[one["outcome"]], one["effect_id"]] for one in map(_row, asked)]
    return table("Mails", "to", "outcome", "effect!", rows=rows)
