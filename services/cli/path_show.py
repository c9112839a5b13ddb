"""`orderpath path show`: a path as a table or a picture, with the open orders of each status."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.paths.limits import Limit
    from domain.paths.path import OrderPath
    from services.reading import PublishedPath

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
    from projections.reports.open_orders import count_open
    from services.paths import picture
    from services.reading import known_path

    if mermaid + dot + json > 1:
        raise typer.BadParameter("choose one of --mermaid, --dot and --json")
    with up_to_date() as system:
        path = known_path(system, name, version)
        with system.snapshot() as reader:
            counts = count_open(reader, name)
    if mermaid or dot:
        draw = picture.mermaid if mermaid else picture.dot
        typer.echo(draw(path.definition, counts), nl=False)
        return
    answer = {
        "path": name,
        "version": path.version,
        "definition": path.definition.model_dump(mode="json"),
        "open_orders": counts,
    }
    put(answer, as_json=json, people=lambda: _sheet(name, path, counts))


def _sheet(name: str, path: "PublishedPath", counts: Counts) -> "Iterator[RenderableType]":
    definition = path.definition
    yield table(
        f"Path {name}, version {path.version}: {definition.title.get('en', name)}",
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
