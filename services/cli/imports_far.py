"""Imports on a server that --url names: files are put there, and their import is waited for."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event as Signal
from typing import TYPE_CHECKING, Any, Final

from services.cli.errors import INFRASTRUCTURE, USAGE, CommandFailed

if TYPE_CHECKING:
    from services.client import Client
    from services.imports.handed_in import ImportWanted

LOOK_SECONDS: Final = 0.5  # between two looks at how far it is
LONGEST_NAME: Final = 100
_NO_PART: Final = re.compile(r"[^A-Za-z0-9._-]")


def log_far(
    client: "Client", file: Path, mapping: Path, *, dry_run: bool, move: Callable[[int, int], None]
) -> dict[str, Any]:
    """Import an event log there, and give the report."""
    from services.imports.handed_in import ImportWanted, LogMeant
    from services.text_files import read_text

    meant = LogMeant(file=name_of(file), mapping=read_text(mapping))
    return _done(client, {meant.file: file}, ImportWanted(log=meant, dry_run=dry_run), move)


def olist_far(
    client: "Client", folder: Path, *, dry_run: bool, move: Callable[[int, int], None]
) -> dict[str, Any]:
    """Import the Olist data set there, and give the report."""
    from services.imports.handed_in import ImportWanted, OlistMeant
    from services.imports.olist import find_table

    tables = {table: find_table(folder, table) for table in OlistMeant.model_fields}
    meant = OlistMeant.model_validate({table: name_of(file) for table, file in tables.items()})
    files = {name_of(file): file for file in tables.values()}
    return _done(client, files, ImportWanted(olist=meant, dry_run=dry_run), move)


def name_of(file: Path) -> str:
    """Give the name under which a file is put: without what a server takes no name with."""
    return _NO_PART.sub("_", file.name).lstrip("._-")[-LONGEST_NAME:] or "file"


def _done(
    client: "Client",
    files: Mapping[str, Path],
    wanted: "ImportWanted",
    move: Callable[[int, int], None],
) -> dict[str, Any]:
    from services.questions.imports import ShowImport

    for name, file in files.items():
        client.put_file(name, file)
    told = client.start_import(wanted)
    while told["state"] in ("waiting", "running"):
        move(told["done"], told["total"])
        Signal().wait(LOOK_SECONDS)
        told = client.ask(ShowImport(import_id=told["import_id"]))
    if told["state"] == "failed":
        raise CommandFailed(told["problem"], USAGE)
    if told["state"] != "done":
        words = told["problem"] or "The server ended."
        raise CommandFailed(f"{words} Start the same import again.", INFRASTRUCTURE)
    report: dict[str, Any] = told["report"]
    return report
