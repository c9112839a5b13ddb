"""Who read whose personal data waits in memory until it is written, and none of it is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from domain.access.reads import Kept, Read, Sought
from domain.refusals import InfraError
from services.api.callers import Caller
from services.reads import ReadNotes
from tests.support.examples import NOW

ANN = Caller("user", "ann")


@dataclass
class Store:
    """Keeps what it was given, unless it is away. Implements ReadStore."""

    away: bool = False
    rows: list[Read] = field(default_factory=list)

    def note(self, reads: Iterable[Read]) -> None:
        if self.away:
            raise InfraError("database_unavailable", "it is away")
        self.rows += reads

    def find(self, sought: Sought, limit: int) -> Sequence[Kept]:
        return ()

    def forget(self, subjects: Sequence[str]) -> int:
        return 0


def notes(store: Store) -> ReadNotes:
    """Give notes that were written just now: the next are not due."""
    made = ReadNotes(store, lambda: NOW, ticks=lambda: 0.0)
    made.write()
    return made


def test_the_second_of_two_reads_is_written_when_that_is_asked_for() -> None:
    store = Store()
    waiting = notes(store)
    for _ in range(2):
        waiting.note(ANN, "order.show", {"c-1"})
    assert store.rows == []

    waiting.write()

    assert [(one.reading.subject, one.times) for one in store.rows] == [("c-1", 2)]


def test_what_could_not_be_written_counts_with_what_is_read_later() -> None:
    store = Store()
    waiting = notes(store)
    waiting.note(ANN, "order.show", {"c-1"})
    read_meanwhile = iter([True])
    note = store.note

    def away_once(reads: Iterable[Read]) -> None:
        if next(read_meanwhile, False):
            waiting.note(ANN, "order.show", {"c-1"})
            raise InfraError("database_unavailable", "it is away")
        note(reads)

    store.note = away_once  # type: ignore[method-assign]
    with pytest.raises(InfraError):
        waiting.write()
    waiting.write()

    assert [(one.reading.subject, one.times) for one in store.rows] == [("c-1", 2)]
