"""How many erasures a process knows of, and so as of which its keys are good: the log takes nothing
that was decided, or sealed, for somebody who was erased since.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Final

from infra.postgres import Lender
from infra.sealing import KeyRing, SubjectKey

_COUNT: Final = "select erasures from log.erasing"
_SUBJECTS: Final = """
    select distinct unnest(subjects) from log.erasures where erasure > %s and erasure <= %s
"""


class KnownErasures:
    """One per process, beside its keys. Threads may share it."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._lock = Lock()
        self._seen: int | None = None

    def seen(self, lender: Lender) -> int:
        """Say how many; before anything is read, it is asked how many there were."""
        if self._seen is None:
            with self._lock:
                if self._seen is None:
                    self._seen = self._count(lender)
        return self._seen

    def _count(self, lender: Lender) -> int:
        with lender.connection() as session:
            row = session.execute(_COUNT).fetchone()
        return int(row[0]) if row else 0

    def look(self, lender: Lender) -> frozenset[str]:
        """Hear of those that there were meanwhile."""
        erasures = self._count(lender)
        return frozenset() if erasures == self.seen(lender) else self.learn(lender, erasures)

    def learn(self, lender: Lender, erasures: int) -> frozenset[str]:
        """Hear of so many; forget the keys of whoever was erased since, and name them."""
        with lender.connection() as session:
            rows = session.execute(_SUBJECTS, (self._seen or 0, erasures)).fetchall()
        subjects = frozenset(subject for (subject,) in rows)
        with self._lock:
            self._seen = erasures
            self._ring.forget(subjects)
        return subjects

    def remember(self, keys: Iterable[SubjectKey], erasures: int, *, stored: bool = False) -> None:
        """Seal with keys from now on that were read, or stored, when so many erasures were known.

        If others are known by now, a key may have been destroyed: it is read again when needed.
        """
        with self._lock:
            if self._seen == erasures:
                if stored:
                    self._ring.stored(keys)
                else:
                    for key in keys:
                        self._ring.remember(key)
