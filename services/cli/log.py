"""`orderpath log …`: what the owner of the database says about the log."""

from typing import Final

import typer

from services.cli.options import AsJson
from services.cli.output import put
from services.cli.session import opened

app: Final = typer.Typer(
    name="log",
    help="What only the owner of the database says about the log.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def restored(json: AsJson = False) -> None:
    """Say, once after a restore, that this log is another one than before."""
    from services.bootstrap import raise_epoch

    with opened() as system:
        epoch = raise_epoch(system.url)
    sentence = f"The log is in epoch {epoch}. Now run `orderpath projection rebuild`."
    put({"epoch": epoch}, as_json=json, people=lambda: [sentence])
