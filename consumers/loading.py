"""What `orderpath worker` and `orderpath commands` become: it loads the program, for some seconds.

A signal that comes before the program can take it ends the process at once: nothing has begun.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Any

from services.cli import ENDING


def main() -> None:
    """Become the program that the first word names."""
    for number in ENDING:
        signal.signal(number, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)  # services.cli has held them back.
    import_module(f"consumers.{sys.argv.pop(1)}").main()


def _leave(*_: Any) -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
