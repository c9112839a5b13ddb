"""What imports keep beside the log: their runs, and the rows that nobody could read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from domain.messages import Outcome

MAX_LISTED = 1_000  # rows at once


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row on its way into quarantine."""

    row_id: UUID
    table: str  # which of the source's tables
    file: str
    line: int
    reason: str
    column: str | None
    message: str
    order_id: UUID | None
    values: Mapping[str, str]  # column -> text


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row that waits for somebody, with where it came from and what is wrong with it."""

    row_id: UUID
    run_id: UUID
    kind: Literal["olist", "log"]
    source: str
    table: str
    file: str
    line: int
    reason: str
    column: str | None
    message: str
    order_id: UUID | None
    state: Literal["open", "resolved"]
    fixed: bool
    first_seen: datetime
    values: Mapping[str, str] | None  # None: erased with the person's key


@dataclass(frozen=True, slots=True)
class BegunRun:
    """An import that begins: the same files and mapping are the same run."""

    run_id: UUID
    began_at: datetime  # by the database's clock
    kind: str
    source: str
    files: Sequence[str]  # names
    mapping: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImportRun:
    """What resubmitting needs to know of the import that rows came with."""

    run_id: UUID
    mapping: Mapping[str, Any]


class ImportStore(Protocol):
    """The port through which imports see them. infra.import_store is the one behind it."""

    def now(self) -> datetime:
        """Give the time by the database's clock, which orders runs of whatever machine."""

    def begin(self, run: BegunRun) -> None:
        """Note that an import begins, perhaps once more; noted twice for one time, it is one."""

    def remember_mapping(self, run_id: UUID, mapping: Mapping[str, Any]) -> None:
        """Keep what was found out about the mapping, for rows that are resubmitted."""

    def progress(self, run_id: UUID, orders_done: int) -> None:
        """Note how far it is."""

    def finish(self, run_id: UUID, report: Mapping[str, Any], orders_done: int) -> None:
        """Note that it came to its end."""

    def against_path(self, outcomes: Sequence[Outcome]) -> Mapping[str, int]:
        """Count, by reason, the statuses that these commands recorded as not conforming."""

    def latest_run(self, kind: str, source: str) -> ImportRun:
        """Give the latest run of a source: its mapping is the one that counts now."""

    def row_id(self, said: UUID) -> UUID:
        """Give the id that a row has in quarantine, from one that follows from what it says: the
        same for the same, and nobody finds out by it what the row says.
        """

    def put(self, run_id: UUID, source: str, rows: Sequence[BadRow]) -> set[UUID]:
        """Keep rows; the same row again changes nothing. Gives those resolved already."""

    def rows(
        self,
        *,
        state: str | None = "open",
        source: str | None = None,
        row_ids: Sequence[UUID] | None = None,
        after: UUID | None = None,
        limit: int = MAX_LISTED,
    ) -> list[QuarantinedRow]:
        """Give quarantined rows by id, those behind `after`.

        Raises: ValueError if limit is not in 1..1000.
        """

    def runs(
        self, source: str | None, limit: int, behind: tuple[Any, UUID] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Tell of runs, the latest first; behind: only those behind this start and id."""

    def unfixed_ids(self, source: str) -> set[UUID]:
        """Give the open rows of a source that are as its file had them."""

    def fix(self, row_id: UUID, values: Mapping[str, str]) -> bool:
        """Replace the values of an open row; False if it is not open any more, or erased."""

    def resolve(self, row_ids: Iterable[UUID]) -> None:
        """Note that these rows were recorded in the end."""
