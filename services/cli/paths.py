"""`orderpath path list|show`: the order paths that are published, and what they allow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import USAGE, CommandFailed
from services.cli.options import AsJson
from services.cli.output import put, table
from services.cli.session import opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.paths.path import OrderPath

app: Final = typer.Typer(
    name="path", help="Show the order paths.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_them(json: AsJson = False) -> None:
    """List the published paths with their latest versions."""
    from services.reading import latest_paths

    with opened() as system:
        rows = [
            {
                "path": name,
                "version": path.version,
                "title": path.definition.title.get("en", name),
                "stages": len(path.definition.stages),
                "statuses": len(path.definition.statuses),
                "transitions": len(path.definition.matrix),
            }
            for name, path in latest_paths(system).items()
        ]
    columns = ("path", "version>", "title", "stages>", "statuses>", "moves>")
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=json, people=lambda: [table("Paths", *columns, rows=cells)])


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="PATH", help="As `path list` names it.")],
    json: AsJson = False,
) -> None:
    """Show the latest version of a path: its statuses, limits and moves."""
    from services.reading import latest_path

    with opened() as system:
        path = latest_path(system, name)
        if path is None:
            names = ", ".join(sorted(system.log.path_names()))
            raise CommandFailed(f"no path is named {name!r}: choose one of {names}", USAGE)
    definition = path.definition.model_dump(mode="json")
    answer = {"path": name, "version": path.version, "definition": definition}
    put(answer, as_json=json, people=lambda: _sheet(name, path.version, path.definition))


def _sheet(name: str, version: int, path: "OrderPath") -> "Iterator[RenderableType]":
    yield table(
        f"Path {name}, version {version}: {path.title.get('en', name)}",
        "stage", "status", "title", "final", "limit", "moves to",
        rows=(_row(path, code) for code in path.statuses),
    )  # fmt: skip


def _row(path: "OrderPath", code: str) -> list[Any]:
    status = path.statuses[code]
    limit = status.limit.wall if status.limit else None
    moves = [_move(path, code, target) for target in path.moves_from(code)]
    return [status.stage, code, status.title.get("en"), status.final, limit, ", ".join(moves)]


def _move(path: "OrderPath", source: str, target: str) -> str:
    roles = path.matrix[source, target].roles
    return f"{target} ({', '.join(roles)})" if roles else target
