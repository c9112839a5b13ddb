"""`orderpath path discover`: a path drafted from what orders really did, to be corrected."""

from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.options import AsJson
from services.cli.output import progress_bar, put_json
from services.cli.session import desk as opened_desk
from services.cli.session import opened


def discover(
    log: Annotated[
        str,
        typer.Argument(
            metavar="LOG", help="A path whose orders are in the log; or FILE, see --mapping."
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="MAP.yaml", help="LOG is a file, read so; see docs/import.md."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Draft a path from what orders did: statuses, moves with shares, limits. Prints YAML."""
    answer = _of_orders(log) if mapping is None else _of_file(Path(log), mapping)
    if json:
        put_json(answer)
    else:
        typer.echo(answer["yaml"], nl=False)


def _of_orders(name: str) -> dict[str, Any]:
    from services.questions.path_changes import DraftPath

    with opened_desk() as desk:
        answer: dict[str, Any] = desk.ask(DraftPath(path=name))
    return answer


def _of_file(file: Path, mapping: Path) -> dict[str, Any]:
    from services.imports.log_file import observe_log
    from services.paths.draft import figures_of

    with opened() as system, progress_bar("Reading") as move:
        chosen, text, observed = observe_log(system, file, mapping, progress=move)
    return {"path": chosen.path, **figures_of(observed), "yaml": text}
