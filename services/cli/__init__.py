"""The command line: `orderpath …`. Texts in, use cases and reports called, answers printed."""

from collections.abc import Sequence
from typing import NoReturn


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run a command, by default that of the command line, and leave with its exit code."""
    from services.cli.errors import run
    from services.cli.program import app
    from services.cli.session import log_level

    run(lambda: app(words, prog_name="orderpath"), log_level)
