"""`orderpath path which`: the path that an order takes which names none, and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import opened

if TYPE_CHECKING:
    from domain.paths.selection import Match


def which(
    order_type: Annotated[str, typer.Option(metavar="CODE")] = "private",
    channel: Annotated[str, typer.Option(metavar="CODE")] = "web",
    shop: Annotated[str, typer.Option(metavar="NAME")] = "main",
    json: AsJson = False,
) -> None:
    """Say which path such orders take, and which others apply to them, the closest first."""
    from services.reading import selection_now

    with opened() as system:
        selection = selection_now(system)
    matches = selection.matches({"order_type": order_type, "channel": channel, "shop": shop})
    answer = {
        "order": {"order_type": order_type, "channel": channel, "shop": shop},
        "path": matches[0].listed.path if matches else None,
        "matches": [_row(match) for match in matches],
    }
    put(answer, as_json=json, people=lambda: _tables(matches, answer))


def _row(match: "Match") -> dict[str, Any]:
    listed = match.listed
    return {"path": listed.path, "version": listed.path_version, "names": list(match.named)}


def _tables(matches: "list[Match]", answer: dict[str, Any]) -> list[Any]:
    if not matches:
        return ["No path applies to such orders: they have to name one."]
    rows = [
        [row["path"], row["version"], ", ".join(row["names"]) or "every order"]
        for row in answer["matches"]
    ]
    return [
        table("The first one is taken", "path", "version>", "names", rows=rows),
        "The shop weighs most, then the channel, then the type of the order; of equal ones the"
        " path that was published last is taken.",
    ]
