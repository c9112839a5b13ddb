"""A clock that stands where it is put: simulated days pass in seconds, and every run alike."""

from datetime import datetime


class VirtualClock:
    """Give it to services.bootstrap.open_system instead of the real one."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        """Put the clock to a moment; the next command is decided at it."""
        self.now = now
