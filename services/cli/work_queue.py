"""`orderpath queue`: the orders that need somebody now, by the time that is left."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit
from services.cli.output import put, span, table
from services.cli.session import up_to_date

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
    json: AsJson = False,
) -> None:
    """List the orders that need somebody now, those first that run out of time first."""
    from projections.reports.work_queue import MOST_LISTED, list_queue

    most = limit or (MOST_LISTED if json else LISTED_FOR_PEOPLE)
    with up_to_date() as system, system.snapshot() as reader:
        found = list_queue(reader, user=user, group=group, limit=most)
    put({"orders": found}, as_json=json, people=lambda: _sheet(found))


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
