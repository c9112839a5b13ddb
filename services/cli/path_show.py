"""`orderpath path show`: a path as a table or a picture, with the open orders of each status."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.paths.limits import Limit
    from domain.paths.path import OrderPath

Counts = Mapping[str, int]  # status -> open orders


def show(
    name: Annotated[str, typer.Argument(metavar="PATH", help="As `path list` names it.")],
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="By default the latest.")
    ] = None,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="A picture in Mermaid, for a page.")
    ] = False,
    dot: Annotated[bool, typer.Option("--dot", help="A picture in DOT, for Graphviz.")] = False,
    json: AsJson = False,
) -> None:
    """Show a path: its statuses with their open orders, its limits and moves."""
    from domain.paths.path import OrderPath
    from services.paths import picture
    from services.questions.paths import ShowPath

    if mermaid + dot + json > 1:
        raise typer.BadParameter("choose one of --mermaid, --dot and --json")
    with opened_desk() as desk:
        answer = desk.ask(ShowPath(path=name, version=version))
    if json:
        put(answer, as_json=True, people=tuple)
        return
    counts = answer["open_orders"]
    path = OrderPath.model_validate(answer["definition"])
    if mermaid or dot:
        draw = picture.mermaid if mermaid else picture.dot
        typer.echo(draw(path, counts), nl=False)
        return
    title = f"Path {name}, version {answer['version']}: {path.title.get('en', name)}"
    put(answer, as_json=False, people=lambda: _sheet(title, path, counts))


def _sheet(title: str, definition: "OrderPath", counts: Counts) -> "Iterator[RenderableType]":
    yield table(
        title,
        "stage", "status", "title", "open orders>", "ends", "limit", "moves to",
        rows=(_row(definition, code, counts) for code in definition.statuses),
    )  # fmt: skip
    elsewhere = {code: count for code, count in counts.items() if code not in definition.statuses}
    if elsewhere:
        named = ", ".join(f"{code} ({count:,})" for code, count in elsewhere.items())
        yield f"Open orders in statuses that this version does not have: {named}."


def _row(path: "OrderPath", code: str, counts: Counts) -> list[Any]:
    status = path.statuses[code]
    limit = _limit(path, status.limit) if status.limit else None
    ends = status.final if status.active else "not active"
    moves = [_move(path, code, target) for target in path.moves_from(code)]
    cells = [status.stage, code, status.title.get("en"), counts.get(code), ends, limit]
    return [*cells, ", ".join(moves)]


def _limit(path: "OrderPath", limit: "Limit") -> str:
    from domain.paths.durations import format_duration

    if limit.working is None:
        return format_duration(limit.wall or timedelta())
    return f"{format_duration(limit.working)} working, {path.calendar_of(limit)}"


def _move(path: "OrderPath", source: str, target: str) -> str:
    from services.paths.picture import rule_words

    terms = rule_words(path.matrix[source, target])
    return f"{target} ({terms})" if terms else target
