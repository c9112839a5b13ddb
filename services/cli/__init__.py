"""The command line: `orderpath …`. Texts in, use cases and reports called, answers printed."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

BECOMING: Final = ("worker", "commands")  # become programs of package consumers
# These stay until a signal ends them, and take it themselves once they are loaded.
STAYING: Final = ("up", "follow", "relay", "act", "clock", "send", "waves", "seal", "serve")
ENDING: Final = (signal.SIGTERM, signal.SIGINT)  # end what stays


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run a command, by default that of the command line, and leave with its exit code."""
    if words is None:
        _take_signals(sys.argv[1:])

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


def _take_signals(words: Sequence[str]) -> None:
    """Let a signal that comes while a program that stays is loaded end it at once: nothing has
    begun. What follows is loaded for a second, and foreground.signalled takes them then.
    """
    if set(words[:1]) & set(BECOMING):
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until consumers.loading takes them
    elif _stays(words):
        for number in ENDING:
            signal.signal(number, _leave)


def _stays(words: Sequence[str]) -> bool:
    """Say whether a command is a program that stays, which `relay replay` is not."""
    return bool(set(words[:1]) & set(STAYING)) and all(one[:1] == "-" for one in words[1:])


def _leave(*_: Any) -> None:
    os._exit(0)


def _texts(words: Sequence[str]) -> Sequence[str]:
    """Give the words; one that is not UTF-8 is an error of usage, whatever it stands for."""
    from services.cli.errors import USAGE, CommandFailed

    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise CommandFailed(f"{word!a} is not UTF-8: write it so", USAGE) from None
    return words
