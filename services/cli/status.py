"""`orderpath status` and `orderpath psql`: what runs, how far it is, and a way to look inside."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.foreground import running_pid
from services.cli.options import AsJson
from services.cli.output import put, say, span, table
from services.cli.session import desk as opened_desk
from services.cli.session import up_to_date

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
    """Show versions, how far each projection is, and the oldest event that waits. With --url what
    the server knows, nothing of this machine.
    """
    from services.bootstrap import load_settings
    from services.desks import Near
    from services.questions.state import SystemStatus
    from services.servers import database_runs

    was_running = database_runs(load_settings())
    with opened_desk() as desk:
        answer = desk.ask(SystemStatus())
        if isinstance(desk, Near):
            answer = _here(desk.system, answer, was_running=was_running)
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


def _here(system: "System", answer: dict[str, Any], *, was_running: bool) -> dict[str, Any]:
    """Add what only this machine knows."""
    from services.bootstrap import shared_login

    settings = system.settings
    pid = running_pid(settings.data_dir)
    shared = shared_login(system.url)
    return {
        "version": answer["version"],
        "data_dir": None if settings.database_url else str(settings.data_dir),
        "database": {
            "kind": "given" if settings.database_url else "embedded",
            "was_running": was_running,
            **answer["database"],
            "shared_login": None if shared is None else asdict(shared),
        },
        "up": {"running": pid is not None, "pid": pid},
        **_kafka(settings),
        **{key: told for key, told in answer.items() if key not in ("version", "database")},
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


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    log, oldest = answer["log"], answer["oldest_unprocessed"]
    kafka = answer.get("kafka")
    facts = [
        ("orderpath", answer["version"]),
        *_of_this_machine(answer),
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


def _of_this_machine(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    """Give what a server does not know of whoever asks, or does not tell."""
    database = answer["database"]
    if "kind" not in database:
        return [("database", f"PostgreSQL {database['version']}, behind a server")]
    up, shared = answer["up"], database["shared_login"]
    runs = "running" if database["was_running"] else "was not running, started for this command"
    return [
        ("database", f"PostgreSQL {database['version']}, {database['kind']}, {runs}"),
        ("logins", f"all as {_standing(shared)}. {_SEPARATE}" if shared else "each role its own"),
        ("data folder", answer["data_dir"]),
        ("up", f"process {up['pid']}" if up["running"] else _NOT_UP[answer["driver"]]),
    ]
