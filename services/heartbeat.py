"""Signs of life of programs that stay, for whoever looks from outside: docs/kafka.md.

A sign is the time of a file in the data folder. It comes from the loop that does the work, not from
a thread beside it, so it stops when the work stands still. A lock beside it goes with the process:
one that is frozen still has it, one that was killed has not.
"""

import fcntl
import os
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
        self._lock_file = self._file.with_name(f"{kind}.lock")
        self._lock: int | None = None  # descriptor; the kernel drops it with the process
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
            self._hold()

    def end(self) -> None:
        """Take the last sign back: there is nothing more to wait for one of."""
        self._beaten_at = float("-inf")
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        with suppress(OSError):
            self._file.unlink()

    def age_seconds(self) -> float | None:
        """Say how long ago the last sign was given, None: never. One of a time to come tells of
        nobody: the clock was set back since, and who lives gives another one.
        """
        try:
            age = time.time() - self._file.stat().st_mtime
        except FileNotFoundError:
            return None
        return None if age < -BEAT_SECONDS else max(age, 0.0)

    def is_there(self) -> bool:
        """Say whether somebody who gave a sign is there to give another one. Hinders nobody."""
        try:
            descriptor = os.open(self._lock_file, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _hold(self) -> None:
        """Hold the lock, unless another of the kind does; who looks keeps it for a moment only."""
        if self._lock is not None:
            return
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return
        self._lock = descriptor
