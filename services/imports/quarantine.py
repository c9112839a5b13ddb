"""Rows that could not be read: looked at, put right, and sent again."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from domain.hints import hint
from domain.imports import QuarantinedRow
from domain.refusals import UnreadableError
from services.bootstrap import System
from services.imports import log_file, olist
from services.imports.log_rows import MappedReader, order_number
from services.imports.mapping import restored
from services.imports.olist_rows import OrderReader
from services.imports.problem import ImportProblem, first_problem
from services.imports.report import ImportReport
from services.imports.rows import SourceRow
from services.imports.runner import Recorder
from services.imports.session import BEYOND, Progress, importing
from services.reading import latest_path

MAX_VALUE_CHARACTERS: Final = 131_072
MAX_RESUBMITTED: Final = 100_000  # rows at once, because they are held in memory
PAGE: Final = 1_000  # rows


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
    return store.rows(state=state, source=source, after=after, limit=limit)


def find_row(system: System, row_id: UUID) -> QuarantinedRow:
    """Give one row. Raises: ImportProblem if there is none of that id; InfraError"""
    found = system.import_desk.store.rows(state=None, row_ids=[row_id], limit=1)
    if not found:
        raise ImportProblem(f"no row {row_id} is in quarantine: list them to see which are")
    return found[0]


def fix(system: System, row_id: UUID, changes: Mapping[str, str]) -> QuarantinedRow:
    """Put values of an open row right, by column. It is read again by `resubmit`.

    Raises: ImportProblem, InfraError
    """
    row = find_row(system, row_id)
    if row.values is None:
        raise ImportProblem(f"row {row_id}: its values were erased, there is nothing to fix")
    if row.state != "open":
        raise ImportProblem(f"row {row_id} is resolved: it was recorded already")
    columns = [column for column in row.values if column != BEYOND]
    for column, value in changes.items():
        if column not in columns:
            named = f"row {row_id} has no column {column[:64]!r}"
            raise ImportProblem(f"{named}{hint(column, columns)}")
        if len(value) > MAX_VALUE_CHARACTERS:
            raise ImportProblem(f"{column}: at most {MAX_VALUE_CHARACTERS} characters")
        if not value.isprintable():
            raise ImportProblem(f"{column}: the value holds characters that cannot be printed")
    values = {column: row.values[column] for column in columns} | dict(changes)
    if not system.import_desk.store.fix(row_id, values):
        raise ImportProblem(
            f"row {row_id} was recorded or erased meanwhile, nothing was changed: look at it again"
        )
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
        by_source: dict[tuple[str, str], list[SourceRow]] = defaultdict(list)
        for stored in _open_rows(system, source, row_ids, report):
            if stored.values is None or _is_broken(stored.values):
                report.quarantined[stored.reason] += 1
                continue
            row = SourceRow(stored.table, stored.file, stored.line, stored.values, stored.row_id)
            by_source[stored.kind, stored.source].append(row)
        done = 0
        for (kind, name), rows in sorted(by_source.items()):
            _resubmit_source(system, report, kind, name, rows)
            done += len(rows)
            if progress is not None:
                progress(done, sum(map(len, by_source.values())))
    report.source = source or ""
    return report


def _open_rows(
    system: System,
    source: str | None,
    row_ids: Sequence[UUID] | None,
    report: ImportReport,
) -> Iterator[QuarantinedRow]:
    store = system.import_desk.store
    after: UUID | None = None
    while True:
        page = system.patience(
            partial(store.rows, source=source, row_ids=row_ids, after=after, limit=PAGE)
        )
        report.rows_read += len(page)
        yield from page
        if len(page) < PAGE:
            return
        if report.rows_read >= MAX_RESUBMITTED:
            words = f"only the first {MAX_RESUBMITTED} rows were read: name rows, or a source"
            report.warnings.append(words)
            return
        after = page[-1].row_id


def _resubmit_source(
    system: System, report: ImportReport, kind: str, source: str, rows: Sequence[SourceRow]
) -> None:
    """Read the rows of one source by its latest mapping, order by order."""
    store = system.import_desk.store
    run = system.patience(lambda: store.latest_run(kind, source))
    report.source, report.run_id = source, run.run_id
    recorder = Recorder(system, report)
    way = _olist_way if kind == "olist" else _log_way
    salt = f"resubmit:{system.clock().isoformat()}"  # A refusal of then is no refusal of now.
    read = way(system, report, recorder, run.mapping, salt)
    orders: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        try:
            orders[read.number_of(row.values)].append(row)
        except UnreadableError as error:
            recorder.bad(row, error)
    for external_id, told in sorted(orders.items()):
        ordered = sorted(told, key=lambda row: (row.table, sorted(row.values.items())))
        read.record(external_id, ordered)
    recorder.finish()
    if not report.dry_run:
        sent = {row.quarantined_as for row in rows if row.quarantined_as is not None}
        system.patience(lambda: store.resolve(sent - recorder.bad_again))
    report.run_id = None  # It was not a run of its own.


@dataclass(frozen=True, slots=True)
class _Way:
    """How the rows of a source are read."""

    number_of: Callable[[Mapping[str, str]], str]
    record: Callable[[str, Sequence[SourceRow]], None]


def _olist_way(
    system: System, report: ImportReport, recorder: Recorder, _: Mapping[str, Any], salt: str
) -> _Way:
    recorder.follow(olist.olist_path(system), salt)
    reader = OrderReader(system.clock(), partial(olist.known_times, system))

    def record(external_id: str, rows: Sequence[SourceRow]) -> None:
        olist.record_order(external_id, rows, reader, recorder, report)

    return _Way(olist.order_number, record)


def _log_way(
    system: System, report: ImportReport, recorder: Recorder, stored: Mapping[str, Any], salt: str
) -> _Way:
    try:
        mapping = restored(stored)
    except ValidationError as error:  # It was stored by a version that took it.
        raise ImportProblem(
            f"the mapping of {report.source} cannot be used any more ({first_problem(error)}): "
            "correct it and import the file again"
        ) from None
    path = system.patience(lambda: latest_path(system, mapping.path))
    if path is None:
        words = f"no path {mapping.path!r} is published: run `orderpath path publish` with its file"
        raise ImportProblem(words)
    recorder.follow(path, salt)
    columns = [column for _, column in mapping.used_columns()]
    reader = MappedReader(mapping, columns, system.clock(), report)

    def record(external_id: str, rows: Sequence[SourceRow]) -> None:
        log_file.record_order(external_id, rows, reader, recorder)

    return _Way(partial(order_number, mapping), record)


def _is_broken(values: Mapping[str, str]) -> bool:
    """Whether the row is still as the file had it, and was no row there."""
    return BEYOND in values


def as_dict(row: QuarantinedRow) -> dict[str, Any]:
    """Give a row as JSON can hold it."""
    return {
        "row_id": str(row.row_id),
        "source": row.source,
        "table": row.table,
        "file": row.file,
        "line": row.line,
        "reason": row.reason,
        "column": row.column,
        "message": row.message,
        "order_id": str(row.order_id) if row.order_id else None,
        "state": row.state,
        "fixed": row.fixed,
        "first_seen": row.first_seen.isoformat(),
        "values": None if row.values is None else dict(row.values),
    }
