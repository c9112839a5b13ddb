"""`orderpath audit …`: who did what. The commands stand in audit_reads.py."""

from typing import Final

import typer

app: Final = typer.Typer(
    name="audit",
    help="Who did what, and what a day brought. docs/auditors.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
