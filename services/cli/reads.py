"""`orderpath audit access`: who read whose personal data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import typer

from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit, time_of, unfolded
from services.cli.output import put, table
from services.cli.session import desk

app: Final = typer.Typer(
    name="audit",
    help="What auditors ask.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def audit() -> None:
    """Keep the group a group while it has one command."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when."""

    since: Annotated[
        datetime | None, typer.Option("--from", parser=time_of, metavar="TIME", help="From then.")
    ] = None
    until: Annotated[
        datetime | None, typer.Option("--to", parser=time_of, metavar="TIME", help="Up to then.")
    ] = None


@app.command()
@unfolded
def access(
    subject: Annotated[
        str | None, typer.Option(metavar="CUSTOMER", help="Whose data: the customer's id.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who read it, or for whom it was read.")
    ] = None,
    limit: Limit = None,
    json: AsJson = False,
    *,
    span: Span,
) -> None:
    """List who read personal data over the API, minute by minute, the latest first."""
    from services.questions.reads import MOST_LISTED, ReadsOf

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    asked = ReadsOf(
        subject=subject,
        actor=actor,
        since=span.since,
        until=span.until,
        limit=min(most, MOST_LISTED),
    )
    with desk() as asking:
        rows = asking.ask(asked)
    columns = (
        "minute (UTC)!", "kind?", "who", "for?", "question", "whose", "persons>?", "times>",
    )  # fmt: skip
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Personal data read", *columns, rows=cells)])
