"""Signs of life of programs that stay, for whoever looks from outside: docs/kafka.md.

A sign is the time of a file in the data folder. It comes from the loop that does the work, not from
a thread beside it, so it stops when the work stands still.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

BEAT_SECONDS: Final = 1.0  # between two signs
FOLDER: Final = "alive"


class Heartbeat:
    """The signs of one kind of program on a data folder; several of a kind share them."""

    def __init__(self, data_dir: Path, kind: str) -> None:
        self._file = data_dir / FOLDER / kind
        self._beaten_at = float("-inf")  # monotonic seconds

    def beat(self) -> None:
        """Give a sign, unless the last one was given just now."""
        now = time.monotonic()
        if now - self._beaten_at < BEAT_SECONDS:
            return
        self._beaten_at = now
        with suppress(OSError):  # A full disk is no reason to stop; without a sign it is seen.
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.touch()

    def end(self) -> None:
        """Take the last sign back: there is nothing more to wait for one of."""
        self._beaten_at = float("-inf")
        with suppress(OSError):
            self._file.unlink()

    def age_seconds(self) -> float | None:
        """Say how long ago the last sign was given, None: never."""
        try:
            return max(time.time() - self._file.stat().st_mtime, 0.0)
        except FileNotFoundError:
            return None
