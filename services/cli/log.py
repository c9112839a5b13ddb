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
    from services.audit.restoring import say_restored

    with opened() as system:
        epoch, is_signed = say_restored(system)
        is_sealed = system.audit.last_head() is not None
    sentences = [f"The log is in epoch {epoch}. Now run `orderpath projection rebuild`."]
    if is_sealed and not is_signed:
        sentences.append(
            "It is not signed, as the key of the seal is not here: whoever holds heads of what is "
            "gone will ask. Say it again where the key is."
        )
    put({"epoch": epoch, "signed": is_signed}, as_json=json, people=lambda: sentences)
