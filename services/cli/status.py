"""`orderpath status` and `orderpath psql`: what runs, how far it is, and a way to look inside."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.errors import WANTING
from services.cli.foreground import running_pid
from services.cli.options import AsJson
from services.cli.output import put, say, span, table
from services.cli.session import opened, up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import System
    from services.read_models import Listed


def status(json: AsJson = False) -> None:
    """Show versions, how far each projection is, and the oldest event that waits."""
    from services.bootstrap import database_runs, load_settings

    was_running = database_runs(load_settings())
    with opened() as system:
        answer = _status(system, was_running=was_running)
    put(answer, as_json=json, people=lambda: _sheet(answer))
    if not answer["healthy"]:
        raise SystemExit(WANTING)


def psql(
    command: Annotated[
        list[str] | None, typer.Option("--command", "-c", metavar="SQL", help="Run this, then end.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Run a file, then end.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Answers as CSV.")] = False,
    print_url: Annotated[
        bool, typer.Option("--print-url", help="Only print what a tool connects with.")
    ] = False,
) -> None:
    """Open an analyst's shell: it reads the views of schema analytics, and nothing else."""
    from services.bootstrap import analyst_url, database_runs, load_settings, psql_program

    was_running = database_runs(load_settings())
    with up_to_date() as system:
        url = analyst_url(system)
        if print_url:
            typer.echo(url)
            if not was_running:
                say("The database ends with this command: start `orderpath up` to keep it running.")
            return
        options = [part for sql in command or () for part in ("--command", sql)]
        options += ["--file", file] if file else []
        options += ["--csv"] if csv else []
        quiet = ["--no-psqlrc", "--set=ON_ERROR_STOP=1"] if command or file else []
        done = subprocess.run([psql_program(), url, *quiet, *options], check=False)
    if done.returncode:
        raise SystemExit(WANTING)


def program_version() -> str:
    """Name the version of Orderpath that runs."""
    try:
        return version("orderpath")
    except PackageNotFoundError:
        return "unknown (not installed)"


def _status(system: "System", *, was_running: bool) -> dict[str, Any]:
    from services.cli.projections import listed_dict
    from services.reading import latest_paths

    now = system.clock()
    head = system.log.head()
    builds = system.read_models.list_projections()
    settings = system.settings
    waiting = [one for one in builds if one.state == "live" and one.oldest_waiting_at is not None]
    pid = running_pid(settings.data_dir)
    wrong = [one for one in builds if one.parked or one.newest_version not in (None, one.version)]
    return {
        "version": program_version(),
        "data_dir": None if settings.database_url else str(settings.data_dir),
        "database": {
            "kind": "given" if settings.database_url else "embedded",
            "was_running": was_running,
            **_database(system),
        },
        "up": {"running": pid is not None, "pid": pid},
        "log": {"log_id": str(head.log_id), "epoch": head.epoch, "position": head.position},
        "paths": {name: path.version for name, path in latest_paths(system).items()},
        "projections": [listed_dict(one, now) for one in builds],
        "oldest_unprocessed": _oldest(waiting, now),
        "healthy": not wrong,
    }


def _database(system: "System") -> dict[str, Any]:
    with system.connect("orderpath_projector") as connection:
        row = connection.execute("show server_version").fetchone()
    return {"version": row[0] if row else None}


def _oldest(waiting: "list[Listed]", now: datetime) -> dict[str, Any] | None:
    if not waiting:
        return None
    first = min(waiting, key=lambda one: one.position)
    at = first.oldest_waiting_at
    assert at is not None
    return {
        "position": first.position + 1,
        "recorded_at": at,
        "seconds": round(max((now - at).total_seconds(), 0.0), 3),
    }


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    database, up = answer["database"], answer["up"]
    runs = "running" if database["was_running"] else "was not running, started for this command"
    oldest = answer["oldest_unprocessed"]
    facts = [
        ("orderpath", answer["version"]),
        ("database", f"PostgreSQL {database['version']}, {database['kind']}, {runs}"),
        ("data folder", answer["data_dir"]),
        ("up", f"process {up['pid']}" if up["running"] else "not running: reads catch up first"),
        ("log", f"position {answer['log']['position']}, {answer['log']['log_id']}"),
        ("paths", ", ".join(f"{name} v{number}" for name, number in answer["paths"].items())),
        (
            "oldest unprocessed",
            f"position {oldest['position']}, for {span(oldest['seconds'])}" if oldest else "none",
        ),
    ]
    yield table(None, "Status", "", rows=facts)
    from services.cli.projections import projections_table

    yield projections_table(answer["projections"])
