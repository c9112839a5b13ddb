"""`orderpath key …`: master keys, which wrap the keys of personal data."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.options import AsJson
from services.cli.output import progress_bar, put, table
from services.cli.session import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

app: Final = typer.Typer(
    name="key",
    help="Master keys: list them, let another one wrap the keys of personal data.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

MasterId = Annotated[str, typer.Argument(metavar="KEY", help="As `orderpath key list` shows it.")]


@app.command("list")
def list_keys(json: AsJson = False) -> None:
    """List the master keys, how many keys each wraps, and whether it is here."""
    from dataclasses import asdict

    with opened() as system:
        rotation = system.key_rotation()
        listed, here = rotation.list(), set(rotation.here)
        source = system.vault.source.name
    keys = [asdict(one) | {"is_here": one.master_id in here} for one in listed]
    put({"source": source, "keys": keys}, as_json=json, people=lambda: _table(source, keys))


@app.command()
def rotate(json: AsJson = False) -> None:
    """Let a new master key wrap all keys. A rotation that was broken off is finished."""
    with opened() as system, progress_bar("Keys") as move:
        rotation = system.key_rotation()
        current = rotation.rotate(move)
        others = [one.master_id for one in rotation.list() if not one.is_current]
    told = [f"The master key {current} wraps all keys. Take a copy of {system.vault.source.name}."]
    told += ["`orderpath key retire KEY` does without an earlier one."] if others else []
    put({"current": current}, as_json=json, people=lambda: told)


@app.command()
def retire(key: MasterId, json: AsJson = False) -> None:
    """Do without a master key that wraps nothing any more.

    Backups of log.keys from the time when it was in use open with it only: keep a copy as long as
    you keep those.
    """
    with opened() as system:
        removed = system.key_rotation().retire(key)
        source = system.vault.source.name
    where = f"and is out of {source}" if removed else f"take it out of {source}"
    answer = {"retired": key, "removed": removed}
    put(answer, as_json=json, people=lambda: [f"The master key {key} is not needed: {where}."])


@app.command()
def draw() -> None:
    """Print a new master key, for ORDERPATH_MASTER_KEY or a file. Nothing keeps it."""
    from services.bootstrap import draw_master_key

    typer.echo(str(draw_master_key()))


def _table(source: str, keys: "Sequence[Mapping[str, Any]]") -> "Iterator[RenderableType]":
    if not keys:
        yield "No key of personal data was made yet, so there is no master key."
        return
    yield table(
        f"Master keys, those here from {source}",
        "key!", "", "used since (UTC)", "retired (UTC)?", "keys>", "here",
        rows=([k["master_id"], "current" if k["is_current"] else "", k["used_since"],
               k["retired_at"], k["keys"], "yes" if k["is_here"] else "no"] for k in keys),
    )  # fmt: skip
