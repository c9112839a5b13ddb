"""`orderpath queue`: the orders that need somebody now, by the time that is left."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import AsJson, Cursor, Limit, more, most, said
from services.cli.output import put, span, table
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from projections.reports.work_queue import QueuedOrder


def queue(
    user: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What needs this person, or anybody of the same team."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="NAME", help="What needs this group.")
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    json: AsJson = False,
) -> None:
    """List the orders that need somebody now, those first that run out of time first."""
    from services.questions.inbox import WorkQueue

    wanted = said(user=user, group=group, limit=most(limit, everything=json), cursor=cursor)
    with opened_desk() as desk:
        answer = desk.ask(WorkQueue.model_validate(wanted))
    put(answer, as_json=json, people=lambda: [*_sheet(answer["orders"]), *more(answer)])


def _sheet(found: "Sequence[QueuedOrder]") -> "Iterator[RenderableType]":
    if not found:
        yield "Nothing needs anybody now."
        return
    yield table(
        "Orders that need somebody",
        "order!", "number?", "status", "left", "due (UTC)?", "owner?", "group?", "missing?",
        rows=(
            [
                one["order_id"], one["external_id"], one["status"], span(one["seconds_left"]),
                one["due_at"], one["owner_user"], one["owner_group"], ", ".join(one["missing"]),
            ]
            for one in found
        ),
    )  # fmt: skip
