"""`orderpath kafka …`: a Kafka on this machine, and whether the one that programs use answers."""

from collections.abc import Iterator
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

import typer

from services.cli.errors import WANTING
from services.cli.options import AsJson
from services.cli.output import put, say, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import Settings

LONG_SECONDS: Final = 5.0  # `up` says what it does when it takes longer

app: Final = typer.Typer(
    name="kafka",
    help="A Kafka on this machine, without Docker and without an installed Java.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def up(json: AsJson = False) -> None:
    """Start the local Kafka in the data folder; it stays until `kafka down`."""
    from services.bootstrap import load_settings
    from services.servers import keep_broker

    settings = load_settings()
    notice = Timer(
        LONG_SECONDS, say, ["Starting Kafka; the first time its programs are fetched (50 MB) ..."]
    )
    notice.daemon = True
    notice.start()
    try:
        address = keep_broker(settings)
    finally:
        notice.cancel()
    if settings.kafka not in ("", address):
        say(f"Warning: ORDERPATH_KAFKA names another Kafka, {settings.kafka}: programs use that.")
    answer = {"address": address, "data_dir": str(settings.data_dir)}
    put(answer, as_json=json, people=lambda: [f"Kafka runs at {address}, in {settings.data_dir}."])


@app.command()
def down(json: AsJson = False) -> None:
    """Stop the local Kafka, whoever uses it; its topics stay."""
    from services.bootstrap import load_settings
    from services.servers import stop_broker

    stopped = stop_broker(load_settings())
    sentence = "Stopped Kafka." if stopped else "Kafka was not running here."
    put({"stopped": stopped}, as_json=json, people=lambda: [sentence])


@app.command()
def status(json: AsJson = False) -> None:
    """Show the Kafka that programs use: ORDERPATH_KAFKA's, else the local one."""
    from services.bootstrap import load_settings

    answer = _status(load_settings())
    put(answer, as_json=json, people=lambda: _sheet(answer))
    if not answer["running"]:
        raise SystemExit(WANTING)


def _status(settings: "Settings") -> dict[str, Any]:
    from services.servers import broker_facts

    found = broker_facts(settings)
    address, facts = found or (None, None)
    return {
        "kind": "given" if settings.kafka else "local",
        "running": facts is not None,
        "address": address,
        "data_dir": None if settings.kafka else str(settings.data_dir),
        "version": facts and facts.version,
        "nodes": facts and facts.nodes,
        "topics": facts and facts.topics,
    }


def _sheet(answer: dict[str, Any]) -> "Iterator[RenderableType]":
    runs = "running" if answer["running"] else "stopped: `orderpath kafka up` starts it"
    facts = [
        (
            "broker",
            f"{'given by ORDERPATH_KAFKA' if answer['kind'] == 'given' else 'local'}, {runs}",
        ),
        ("address", answer["address"]),
        ("version", answer["version"]),
        ("nodes", answer["nodes"]),
        ("topics", answer["topics"]),
        ("data folder", answer["data_dir"]),
    ]
    yield table(None, "Kafka", "", rows=facts)
