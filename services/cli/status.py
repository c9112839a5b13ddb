"""`orderpath status` and `orderpath psql`: what runs, how far it is, and a way to look inside."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.foreground import running_pid
from services.cli.options import AsJson
from services.cli.output import put, say, span, table
from services.cli.session import near_only, opened, up_to_date

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import Settings, System


_DRIVERS: Final = {
    "follower": "the log follower",
    "workers": "stream workers: reads wait for them",
}
_NOT_UP: Final = {"follower": "not running: reads catch up first", "workers": "not running"}
_SEPARATE: Final = "Give each role a login of its own: docs/database.md says how."


def status(json: AsJson = False) -> None:
    """Show versions, how far each projection is, and the oldest event that waits."""
    from services.servers import database_runs

    was_running = database_runs(near_only())
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
    from services.bootstrap import analyst_shell, analyst_url, load_settings, shared_login
    from services.servers import database_runs

    was_running = database_runs(load_settings())
    with up_to_date() as system:
        shared = shared_login(system.url)
        if shared is not None:
            say(
                f"Warning: this logs in as {_standing(asdict(shared))}, and only takes the "
                f"analyst's role: `set role none` lays it down. {_SEPARATE}"
            )
        if print_url:
            typer.echo(analyst_url(system.url))
            if not was_running:
                say("The database ends with this command: start `orderpath up` to keep it running.")
            return
        shell, secret = analyst_shell(system.url)
        options = [part for sql in command or () for part in ("--command", sql)]
        options += ["--file", file] if file else []
        options += ["--csv"] if csv else []
        quiet = ["--no-psqlrc", "--set=ON_ERROR_STOP=1"] if command or file else []
        done = subprocess.run([*shell, *quiet, *options], env=os.environ | secret, check=False)
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
    from services.cli.relay import relay_dict
    from services.reading import latest_paths

    now = system.clock()
    head = system.log.head()
    builds = system.read_models.list_projections()
    settings = system.settings
    pid = running_pid(settings.data_dir)
    gap = system.read_models.find_gap()
    wrong = [
        one
        for one in builds
        if one.state != "retired"
        and (one.parked or one.replaced or one.newest_version not in (None, one.version))
    ]
    return {
        "version": program_version(),
        "data_dir": None if settings.database_url else str(settings.data_dir),
        "database": {
            "kind": "given" if settings.database_url else "embedded",
            "was_running": was_running,
            **_database(system),
        },
        "up": {"running": pid is not None, "pid": pid},
        **_kafka(settings),
        "log": {
            "log_id": str(head.log_id),
            "epoch": head.epoch,
            "position": head.position,
            "gap": None if gap is None else str(gap),
        },
        "paths": {} if gap else {name: p.version for name, p in latest_paths(system).items()},
        "driver": system.read_models.driver(),
        "projections": [listed_dict(one, now) for one in builds],
        "not_made": system.read_models.list_not_made(),
        "oldest_unprocessed": _oldest(system, now),
        "relay": relay_dict(system),
        "healthy": not wrong and gap is None,
    }


def _database(system: "System") -> dict[str, Any]:
    from services.bootstrap import shared_login

    with system.lend("orderpath_projector") as connection:
        row = connection.execute("show server_version").fetchone()
    shared = shared_login(system.url)
    return {
        "version": row[0] if row else None,
        "shared_login": None if shared is None else asdict(shared),
    }


def _kafka(settings: "Settings") -> dict[str, Any]:
    """Give the entry about Kafka, if there is one. Whether it runs is no matter of health."""
    from services.servers import broker_state

    state = broker_state(settings)
    if state is None:
        return {}
    address, running = state
    kind = "given" if settings.kafka else "local"
    return {"kafka": {"kind": kind, "address": address, "running": running}}


def _kafka_line(kafka: dict[str, Any]) -> str:
    not_running = {"given": "does not answer", "local": "stopped: `orderpath kafka up` starts it"}
    runs = "running" if kafka["running"] else not_running[kafka["kind"]]
    return f"{kafka['address']}, {kafka['kind']}, {runs}"


def _standing(login: dict[str, Any]) -> str:
    """Say what somebody turns into who lays the role down."""
    if login["superuser"]:
        return f"{login['user']}, a superuser"
    if login["owner"]:
        return f"{login['user']}, the owner of the log"
    return f"{login['user']}, who may take every role"


def _oldest(system: "System", now: datetime) -> dict[str, Any] | None:
    found = system.read_models.find_oldest_waiting()
    if found is None:
        return None
    position, at = found
    seconds = round(max((now - at).total_seconds(), 0.0), 3)
    return {"position": position, "recorded_at": at, "seconds": seconds}


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    database, up, log = answer["database"], answer["up"], answer["log"]
    kafka = answer.get("kafka")
    runs = "running" if database["was_running"] else "was not running, started for this command"
    shared, oldest = database["shared_login"], answer["oldest_unprocessed"]
    facts = [
        ("orderpath", answer["version"]),
        ("database", f"PostgreSQL {database['version']}, {database['kind']}, {runs}"),
        ("logins", f"all as {_standing(shared)}. {_SEPARATE}" if shared else "each role its own"),
        ("data folder", answer["data_dir"]),
        ("up", f"process {up['pid']}" if up["running"] else _NOT_UP[answer["driver"]]),
        ("driver", _DRIVERS[answer["driver"]]),
        *([("kafka", _kafka_line(kafka))] if kafka else []),
        ("log", f"position {log['position']}, {log['gap'] or log['log_id']}"),
        ("paths", ", ".join(f"{name} v{number}" for name, number in answer["paths"].items())),
        (
            "oldest unprocessed",
            f"position {oldest['position']}, for {span(oldest['seconds'])}" if oldest else "none",
        ),
    ]
    yield table(None, "Status", "", rows=facts)
    from services.cli.projections import projections_sheet

    yield from projections_sheet(answer["projections"], answer["not_made"])
    if answer["relay"]["leads"] or answer["relay"]["lanes"]:
        from services.cli.relay import relay_sheet

        yield from relay_sheet(answer["relay"])
