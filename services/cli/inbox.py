"""`orderpath inbox`: alerts, tasks and notices in one place; what `alert` and `task` share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import LISTED_FOR_PEOPLE, AsJson, Limit, unfolded
from services.cli.output import put, table
from services.cli.session import up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from projections.reports.inbox import Wanted
    from services.bootstrap import System


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
    json: AsJson = False

    def wanted(self, system: "System", roles: Sequence[str] = ()) -> "Wanted":
        """Give what is asked for. Raises: Refusal order_unknown"""
        from projections.reports.inbox import Wanted
        from services.reading import find_order

        order_id = None if self.order is None else find_order(system, self.order)
        return Wanted(self.user or (), self.group or (), roles, order_id, only_open=not self.all)

    @property
    def most(self) -> int:
        """Give how many rows are wanted."""
        from projections.reports.inbox import MOST_LISTED

        return self.limit or (MOST_LISTED if self.json else LISTED_FOR_PEOPLE)


@dataclass(frozen=True, slots=True)
class ChoosingByRole(Choosing):
    """The same, where entries may be for a role too."""

    role: Annotated[
        list[str] | None, typer.Option(metavar="ROLE", help="For this role; repeatable.")
    ] = None


@unfolded
def inbox(*, choosing: ChoosingByRole) -> None:
    """Show what waits: alerts, tasks and notices, what has waited longest first."""
    from projections.reports.inbox import list_inbox

    with up_to_date() as system, system.snapshot() as reader:
        wanted = choosing.wanted(system, choosing.role or ())
        entries = list_inbox(reader, wanted, limit=choosing.most)
    put({"entries": entries}, as_json=choosing.json, people=lambda: _sheet(entries))


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
    return "\n".join(value) if isinstance(value, tuple) else value


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
