"""The command line: `orderpath …`. Texts in, use cases and reports called, answers printed."""

import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

BECOMING: Final = ("worker", "commands")  # become programs of package consumers
ENDING: Final = (signal.SIGTERM, signal.SIGINT)  # end what stays


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run a command, by default that of the command line, and leave with its exit code."""
    if words is None and sys.argv[1:2] in ([name] for name in BECOMING):
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until consumers.loading takes them

    from services.cli.errors import run
    from services.cli.foreground import leave
    from services.cli.program import app
    from services.cli.session import log_level

    given = sys.argv[1:] if words is None else words

    def command() -> None:
        app(_texts(given), prog_name="orderpath")

    if words is None:
        run(command, log_level, leave)
    run(command, log_level)  # Whoever called goes on afterwards.


def _texts(words: Sequence[str]) -> Sequence[str]:
    """Give the words; one that is not UTF-8 is an error of usage, whatever it stands for."""
    from services.cli.errors import USAGE, CommandFailed

    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise CommandFailed(f"{word!a} is not UTF-8: write it so", USAGE) from None
    return words
