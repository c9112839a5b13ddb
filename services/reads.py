"""Notes who read whose personal data, and tells it. Written for many answers together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

from domain.access.reads import Place, Read, Reading, ReadStore, Sought
from projections.reports.cursor import behind, cursor_of, moment, number
from services.api.callers import Caller

NOTE_SECONDS: Final = 5.0  # between two times that notes are written: a kill loses those
MOST_WAITING: Final = 10_000  # notes; then they are written at once
MOST_NAMED: Final = 100  # persons of one answer; of more only their number is kept


@dataclass
class ReadNotes:
    """Collects what was read. Threads may share it."""

    store: ReadStore
    clock: Callable[[], datetime]
    ticks: Callable[[], float] = monotonic
    _waiting: dict[Reading, tuple[int, int]] = field(default_factory=dict, init=False)
    _written_at: float = field(default=float("-inf"), init=False)
    _turn: Lock = field(default_factory=Lock, init=False)
    _writing: Lock = field(default_factory=Lock, init=False)

    def note(self, caller: Caller, question: str, subjects: set[str]) -> None:
        """Note that a caller read personal data of these persons."""
        named: Sequence[str | None] = sorted(subjects) if len(subjects) <= MOST_NAMED else [None]
        minute = self.clock().replace(second=0, microsecond=0)
        who = (caller.kind, caller.id, caller.on_behalf_of)
        with self._turn:
            for subject in named:
                number = 1 if subject is not None else len(subjects)
                self._add(Reading(minute, *who, question, subject), number, 1)
            due = self.ticks() - self._written_at > NOTE_SECONDS
        if due or len(self._waiting) > MOST_WAITING:
            self.write()

    def write(self) -> None:
        """Write what was noted so far. What cannot be written now waits."""
        with self._writing:  # Whoever writes as well waits: then all of it is written.
            with self._turn:
                waiting, self._waiting = self._waiting, {}
                self._written_at = self.ticks()
            if not waiting:
                return
            try:
                self.store.note([Read(one, *counts) for one, counts in waiting.items()])
            except BaseException:
                with self._turn:
                    for one, counts in waiting.items():
                        self._add(one, *counts)
                raise

    def _add(self, reading: Reading, number: int, times: int) -> None:
        many, before = self._waiting.get(reading, (0, 0))
        self._waiting[reading] = (max(many, number), before + times)


def list_reads(
    store: ReadStore, sought: Sought, limit: int, cursor: str | None = None
) -> dict[str, Any]:
    """Tell who read whose personal data, the latest first, with stable keys (docs/rights.md).

    Raises: Unusable for a cursor that is none of ours
    """
    minute, number_ = behind(cursor, moment, number)
    place = None if minute is None else Place(minute, number_)
    found = store.find(replace(sought, behind=place), limit + 1)
    page = found[:limit]
    rows = [
        {**one.read.reading._asdict(), "subjects": one.read.subjects, "times": one.read.times}
        for one in page
    ]
    return {"reads": rows, "next": cursor_of(*page[-1].place) if len(found) > limit else None}
