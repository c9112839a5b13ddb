"""`orderpath path discover`: a path drafted from what orders really did, to be corrected."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.errors import CommandFailed
from services.cli.options import AsJson
from services.cli.output import progress_bar, put_json
from services.cli.session import catch_up, opened

if TYPE_CHECKING:
    from services.bootstrap import System
    from services.paths.draft import Observed

Draft = tuple[str, str, "Observed"]  # name of the path, YAML, figures


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
    with opened() as system:
        name, text, observed = (
            _of_orders(system, log) if mapping is None else _of_file(system, Path(log), mapping)
        )
    if json:
        put_json({"path": name, **_figures(observed), "yaml": text})
    else:
        typer.echo(text, nl=False)


def _of_orders(system: "System", name: str) -> Draft:
    from services.paths.discovery import observe_orders
    from services.paths.draft import draft
    from services.reading import known_path

    published = known_path(system, name)
    catch_up(system)
    with system.snapshot() as reader:
        observed = observe_orders(reader, name, published)
    if not observed.titles:
        raise CommandFailed(f"no order follows the path {name}: there is nothing to draft from")
    return name, draft(name, f"the orders on the path {name}", observed), observed


def _of_file(system: "System", file: Path, mapping: Path) -> Draft:
    from services.imports.log_file import observe_log

    with progress_bar("Reading") as move:
        chosen, text, observed = observe_log(system, file, mapping, progress=move)
    return chosen.path, text, observed


def _figures(observed: "Observed") -> dict[str, Any]:
    return {
        "statuses": [
            {
                "status": status,
                "starts": observed.starts[status],
                "p90_seconds": observed.p90_seconds.get(status),
                "final": observed.final(status),
            }
            for status in observed.titles
        ],
        "moves": [
            {"from": source, "to": target, "count": count, "share": observed.share(source, target)}
            for source, target, count in observed.ways
        ],
    }
