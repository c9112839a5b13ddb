"""`orderpath inbox`: alerts, tasks and notices in one place; what `alert` and `task` share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import AsJson, Cursor, Limit, more, most, said, unfolded
from services.cli.output import put, table
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Choosing:
    """Whose entries, of which order, and how many of them."""

    user: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="For this user; repeatable.")
    ] = None
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="For this group; repeatable.")
    ] = None
    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="About this order: its UUID or number.")
    ] = None
    all: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False
    limit: Limit = None
    cursor: Cursor = None
    json: AsJson = False

    @property
    def asked(self) -> dict[str, Any]:
        """Give what is asked for, as the questions of services.questions.inbox take it."""
        return self._shared

    @property
    def _shared(self) -> dict[str, Any]:
        return said(
            user=self.user,
            group=self.group,
            order=self.order,
            over=self.all,
            limit=most(self.limit, everything=self.json),
            cursor=self.cursor,
        )


@dataclass(frozen=True, slots=True)
class ChoosingByRole(Choosing):
    """The same, where entries may be for a role too."""

    role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="For this role; repeatable.")
    ] = None

    @property
    def asked(self) -> dict[str, Any]:
        """Give what is asked for, with the roles."""
        return {**self._shared, **said(role=self.role)}


@unfolded
def inbox(*, choosing: ChoosingByRole) -> None:
    """Show what waits: alerts, tasks and notices, what has waited longest first."""
    from services.questions.inbox import Inbox

    with opened_desk() as desk:
        answer = desk.ask(Inbox.model_validate(choosing.asked))
    put(answer, as_json=choosing.json, people=lambda: [*_sheet(answer["entries"]), *more(answer)])


def whose(row: Mapping[str, Any]) -> str:
    """Say in one cell whom an entry is for."""
    named = (("", row["to_user"]), ("group ", row["to_group"]), ("role ", row.get("to_role")))
    return ", ".join(f"{kind}{name}" for kind, name in named if name is not None)


def in_full(kind: str, view: Mapping[str, Any]) -> "RenderableType":
    """Show everything that is known of one alert or task; its id is the first key."""
    (_, name), *known = view.items()
    rows = [(key.replace("_", " "), _lines(value)) for key, value in known if value is not None]
    return table(f"{kind} {name}", "", "", rows=rows)


def _lines(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, list) else value


def _what(entry: Mapping[str, Any]) -> str:
    return f"alert: {entry['level']}" if entry["what"] == "alert" else str(entry["what"])


def _sheet(entries: Sequence[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    if not entries:
        yield "Nothing waits."
        return
    yield table(
        None,
        "entry!", "what", "title", "for", "since (UTC)", "due (UTC)?", "order?", "ended by?",
        rows=(
            (
                one["entry"], _what(one), one["title"], whose(one), one["since"], one["due_at"],
                one["order_id"], one["ended_by"],
            )
            for one in entries
        ),
    )  # fmt: skip
