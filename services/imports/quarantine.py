"""Rows that could not be read: looked at, put right, and sent again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Any, Final
from uuid import UUID

from services.bootstrap import System
from services.imports import log_file, olist
from services.imports.identity import id_of
from services.imports.identity import RUNS
from services.imports.log_rows import LogReader, order_number
from services.imports.mapping import LogMapping
from services.imports.olist_rows import SOURCE, OrderReader
from services.imports.problem import ImportProblem
from services.imports.report import ImportReport
from services.imports.rows import SourceRow, UnreadableError
from services.imports.runner import Recorder, published_path
from services.imports.session import LINE, STRUCTURE, Progress, checked_key, importing

MAX_VALUE_CHARACTERS: Final = 131_072
PAGE: Final = 1_000  # rows


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that waits for somebody, with where it came from and what is wrong with it."""

    row_id: UUID
    run_id: UUID
    source: str
    table: str
    file: str
    line: int
    reason: str
    column: str | None
    message: str
    order_id: UUID | None
    state: str  # open | resolved
    fixed: bool
    first_seen: datetime
    values: Mapping[str, str] | None  # None: erased with the person's key

    def as_dict(self) -> dict[str, Any]:
        """Give the row as JSON can hold it."""
        return {
            "row_id": str(self.row_id),
            "source": self.source,
            "table": self.table,
            "file": self.file,
            "line": self.line,
            "reason": self.reason,
            "column": self.column,
            "message": self.message,
            "order_id": str(self.order_id) if self.order_id else None,
            "state": self.state,
            "fixed": self.fixed,
            "first_seen": self.first_seen.isoformat(),
            "values": None if self.values is None else dict(self.values),
        }


def list_rows(
    system: System,
    *,
    source: str | None = None,
    state: str | None = "open",
    after: UUID | None = None,
    limit: int = 100,
) -> list[QuarantinedRow]:
    """List quarantined rows by id, those behind `after`; state: open, resolved, None for both.

    Shape:  0..limit rows, with their values in clear.
    Raises: ValueError if limit is not in 1..1000; InfraError
    """
    store = system.import_desk.store
    try:
        found = store.rows(state=state, source=source, after=after, limit=limit)
    finally:
        store.close()
    return [QuarantinedRow(*row) for row in found]


def find_row(system: System, row_id: UUID) -> QuarantinedRow:
    """Give one row. Raises: ImportProblem if there is none of that id; InfraError"""
    store = system.import_desk.store
    try:
        found = store.rows(state=None, row_ids=[row_id], limit=1)
    finally:
        store.close()
    if not found:
        raise ImportProblem(f"no row {row_id} is in quarantine: list them to see which are")
    return QuarantinedRow(*found[0])


def fix(system: System, row_id: UUID, changes: Mapping[str, str]) -> QuarantinedRow:
    """Put values of an open row right, by column. It is read again by `resubmit`.

    Raises: ImportProblem, InfraError
    """
    row = find_row(system, row_id)
    if row.values is None:
        raise ImportProblem(f"row {row_id}: its values were erased, there is nothing to fix")
    if row.state != "open":
        raise ImportProblem(f"row {row_id} is resolved: it was recorded already")
    columns = [column for column in row.values if not column.startswith(LINE)]
    for column, value in changes.items():
        if column not in columns:
            close = get_close_matches(column, columns, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(columns)}"
            raise ImportProblem(f"row {row_id} has no column {column[:64]!r}: {hint}")
        if len(value) > MAX_VALUE_CHARACTERS:
            raise ImportProblem(f"{column}: at most {MAX_VALUE_CHARACTERS} characters")
    store = system.import_desk.store
    try:
        store.fix(row_id, {**{c: row.values[c] for c in columns}, **changes})
    finally:
        store.close()
    return find_row(system, row_id)


def resubmit(
    system: System,
    *,
    source: str | None = None,
    row_ids: Sequence[UUID] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Read open rows again, all or some, and record what can be recorded now.

    What is still wrong stays in quarantine, with the reason that it has now.
    Raises: ImportProblem, InfraError
    """
    report = ImportReport("quarantine", source or "", (), dry_run=dry_run)
    with importing(system, report):
        by_run: dict[UUID, list[SourceRow]] = defaultdict(list)
        for run_id, row in _open_rows(system, source, row_ids):
            by_run[run_id].append(row)
        report.rows_read = total = sum(map(len, by_run.values()))
        report.files = tuple(sorted({row.file for rows in by_run.values() for row in rows}))
        done = 0
        for run_id, rows in sorted(by_run.items(), key=lambda item: str(item[0])):
            _resubmit_run(system, report, run_id, rows)
            done += len(rows)
            if progress is not None:
                progress(done, total)
    return report


def _open_rows(
    system: System, source: str | None, row_ids: Sequence[UUID] | None
) -> Iterator[tuple[UUID, SourceRow]]:
    after: UUID | None = None
    while True:
        page = system.import_desk.store.rows(
            source=source, row_ids=row_ids, after=after, limit=PAGE
        )
        for row in page:
            if row.values is not None:
                values = row.values
                yield row.run_id, SourceRow(row.table_name, row.file, row.line, values, row.row_id)
        if len(page) < PAGE:
            return
        after = page[-1].row_id
