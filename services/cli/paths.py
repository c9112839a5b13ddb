"""`orderpath path …`: order paths are published and listed, editors are told their language."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.options import AsJson, Sending, unfolded
from services.cli.output import put, table
from services.cli.ready_paths import file_or_ready, list_ready
from services.cli.sending import build, outcome_dict, put_outcome, where
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from domain.messages import Outcome
    from services.desks import Desk

app: Final = typer.Typer(
    name="path",
    help="Publish and show the order paths.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_them(
    ready: Annotated[
        bool, typer.Option("--ready", help="Those that come ready-made, published or not.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List the published paths with their latest versions."""
    from services.questions.paths import Paths

    if ready:
        _put_list(list_ready(), ("path", "title", "stages>", "statuses>", "moves>"), json)
        return
    with opened_desk() as desk:
        rows = desk.ask(Paths())
    _put_list(rows, ("path", "version>", "title", "stages>", "statuses>", "moves>"), json)


def _put_list(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    cells = [list(row.values()) for row in rows]
    put(rows, as_json=as_json, people=lambda: [table("Paths", *columns, rows=cells)])


@app.command()
@unfolded
def publish(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="YAML, `-` for standard input; see docs/paths.md."),
    ] = None,
    strand: Annotated[
        bool, typer.Option("--strand", help="Even if it closes statuses in which orders are.")
    ] = False,
    *,
    ready: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead: one that `list --ready` names.")
    ] = None,
    sending: Sending,
) -> None:
    """Make a path the one that new orders follow; the same content again is nothing new."""
    from domain.paths.commands import PublishPath

    definition = file_or_ready(file, ready)
    with opened_desk() as desk:
        said = {"definition": definition, **({"strand": True} if strand else {})}
        command = build(desk, PublishPath, sending, said)
        outcome = desk.send(command)
        answer = outcome_dict(desk, outcome, f"path-{definition.path}", path=definition.path)
        put_outcome(outcome, answer, sending, lambda: _sentence(desk, definition.path, outcome))


@app.command()
def schema() -> None:
    """Print the JSON Schema of path files, by which editors complete and check them."""
    from importlib.resources import files

    source = files("domain.paths").joinpath("order-path.schema.json")
    typer.echo(source.read_text(encoding="utf-8"), nl=False)


def _sentence(desk: "Desk", name: str, outcome: "Outcome") -> str:
    from services.questions.paths import Paths

    version = next(one["version"] for one in desk.ask(Paths()) if one["path"] == name)
    if outcome.kind == "nothing":
        return f"Nothing new: version {version} of path {name} says the same."
    return f"New orders follow version {version} of path {name}, where it applies; {where(outcome)}"
