"""The command line: `orderpath …`. Texts in, use cases and reports called, answers printed."""

from typing import NoReturn


def main() -> NoReturn:
    """Run the command of the command line and leave with its exit code."""
    from services.cli.errors import run
    from services.cli.program import app
    from services.cli.session import log_level

    run(lambda: app(prog_name="orderpath"), log_level)
