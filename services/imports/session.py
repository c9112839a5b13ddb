"""What both imports share: a run from begin to end, files read row by row, orders one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

import structlog

from domain.imports import BegunRun
from domain.orders.identity import canonical, id_of
from domain.refusals import InfraError, UnreadableError, Unusable
from services.bootstrap import System
from services.imports.identity import RUNS
from services.imports.problem import ImportProblem
from services.imports.report import ImportReport
from services.imports.rows import SourceRow

MAX_KEY_CHARACTERS: Final = 200
TOLD_EVERY_ROWS: Final = 1_000
BEYOND: Final = "(beyond the columns)"  # what a broken row holds besides its columns
STRUCTURE: Final = {
    "columns_missing": "the row has fewer columns than the header: was it cut?",
    "columns_too_many": "the row has more columns than the header: is a separator unquoted?",
    "not_utf8": "the row holds bytes that are no text in the file's encoding",
    "row_malformed": "the quotes of the row do not close",
    "row_too_long": "the row, or one value in it, is too long",
}

Progress = Callable[[int, int], None]
SortedRow = tuple[str, int, list[str], int]  # order, table, values, line

Looked = TypeVar("Looked")

log_ = structlog.get_logger()


class Table(Protocol):
    """A file that is read as a table; infra.tables gives them."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def read_share(self) -> float: ...
    @property
    def ends_open(self) -> bool: ...
    def rows(self) -> Iterator[tuple[int, list[str], str | None]]: ...
    def close(self) -> None: ...


class Sorter(Protocol):
    """Sorts rows by order; infra.row_sorter gives them."""

    def add(self, order: str, table: int, values: Sequence[str], line: int) -> None: ...
    def groups(self, most: int) -> Iterator[tuple[str, list[SortedRow], Iterator[SortedRow]]]: ...


class TakesBadRows(Protocol):
    """The recorder, as far as reading needs it."""

    def bad(self, row: SourceRow, error: UnreadableError) -> None: ...


@contextmanager
def importing(system: System, report: ImportReport) -> Iterator[None]:
    """Frame a run: at its end the time is taken and the report kept.

    Raises: ImportProblem for files that cannot be used, InfraError.
    """
    began = monotonic()
    try:
        yield
        report.seconds = monotonic() - began
        if (run_id := report.run_id) is not None and not report.dry_run:
            store, told = system.import_desk.store, report.as_dict()
            system.patience(lambda: store.finish(run_id, told, report.orders))
        log_.info("import_done", **_figures(report))
    except ImportProblem:
        raise
    except InfraError as error:
        words = f"{report.facts} facts were recorded until then: start the same import again"
        raise InfraError(error.code, f"{error}. {words}, it leaves out what is known.") from error
    except Unusable as error:  # Of infra's readers, each with file, line and advice.
        raise ImportProblem(*str(error).splitlines()) from error
    finally:
        report.seconds = monotonic() - began


def begin(
    system: System, report: ImportReport, files: Sequence[Path], mapping: Mapping[str, Any]
) -> None:
    """Give the run its id, the same for the same files and mapping, and note that it begins."""
    contents = system.import_desk.fingerprint(files)
    run_id = id_of(RUNS, report.kind, report.source, contents, canonical(mapping))
    report.run_id = run_id
    if not report.dry_run:
        store = system.import_desk.store
        at = system.patience(store.now)
        run = BegunRun(run_id, at, report.kind, report.source, report.files, mapping)
        system.patience(lambda: store.begin(run))


class Source:
    """The tables of one import, as they are read and sorted by order."""

    def __init__(
        self,
        report: ImportReport,
        sorter: Sorter,
        recorder: TakesBadRows,
        progress: Progress | None,
    ) -> None:
        self._report = report
        self._sorter = sorter
        self._recorder = recorder
        self._progress = progress or _untold
        self._names: list[tuple[str, str, tuple[str, ...]]] = []  # table, file, columns
        self._rows = 0  # in the sorter
        self._done = 0

    def read(
        self, table: Table, name: str, file: str, order_of: Callable[[Mapping[str, str]], str]
    ) -> None:
        """Take every row of a table in; what is no row goes into quarantine."""
        number, before = len(self._names), self._report.rows_read
        self._names.append((name, file, table.columns))
        columns, add = table.columns, self._sorter.add
        for line, values, problem in table.rows():
            self._report.rows_read += 1
            if problem is None:
                try:
                    add(order_of(dict(zip(columns, values, strict=True))), number, values, line)
                    self._rows += 1
                except UnreadableError as error:
                    row = SourceRow(name, file, line, dict(zip(columns, values, strict=True)))
                    self._recorder.bad(row, error)
            else:
                row = SourceRow(name, file, line, _patched(columns, values, problem))
                self._recorder.bad(row, UnreadableError(problem, None, STRUCTURE[problem]))
            if self._report.rows_read % TOLD_EVERY_ROWS == 0:
                share = max(table.read_share, 0.001)
                expected = before + int((self._report.rows_read - before) / share)
                self._progress(self._report.rows_read, 2 * max(expected, self._report.rows_read))
        if table.ends_open:
            self._report.warnings.append(
                f"{file}: the last line has no line break: look whether the file was cut there"
            )

    def orders(self, most: int) -> Iterator[tuple[str, list[SourceRow]]]:
        """Give each order with its rows, sorted by table and content.

        Rows beyond `most` of one order go into quarantine.
        """
        read, done, told = self._report.rows_read, 0, 0
        for external_id, rows, beyond in self._sorter.groups(most):
            done += len(rows)
            yield external_id, [self._row(row) for row in rows]
            for row in beyond:
                done += 1
                words = f"an order has at most {most} rows: is the order's column the right one?"
                self._recorder.bad(self._row(row), UnreadableError("order_too_long", None, words))
            if done - told >= TOLD_EVERY_ROWS:
                told = done
                self._progress(read + done, read + self._rows)
        self._progress(read + done, read + self._rows)

    def looked_at(
        self, look: Callable[[SourceRow], Looked | None], most: int
    ) -> Iterator[list[Looked]]:
        """Give what a first look at the rows of each order finds, before `orders` is asked."""
        for _, rows, _beyond in self._sorter.groups(most):
            found = [one for row in rows if (one := look(self._row(row))) is not None]
            if found:
                yield found

    def _row(self, row: SortedRow) -> SourceRow:
        _, number, values, line = row
        name, file, columns = self._names[number]
        return SourceRow(name, file, line, dict(zip(columns, values, strict=True)))


def checked_key(text: str, column: str) -> str:
    """Give the number of an order as it is in the source. Raises: UnreadableError"""
    key = text.strip()
    if not key:
        raise UnreadableError("order_id_missing", column, f"{column} is empty: whose row is it?")
    if len(key) > MAX_KEY_CHARACTERS or "\x00" in key:
        words = f"{column} is longer than {MAX_KEY_CHARACTERS} characters, or holds NUL"
        raise UnreadableError("order_id_unusable", column, words)
    return key


def _patched(columns: Sequence[str], values: Sequence[str], problem: str) -> dict[str, str]:
    """Keep a broken row in a form that somebody can put right column by column."""
    clean = [value.encode("utf-8", "backslashreplace").decode() for value in values]
    if problem in ("row_malformed", "row_too_long"):
        return {**dict.fromkeys(columns, ""), BEYOND: clean[0]}
    known = dict(zip(columns, [*clean, *[""] * len(columns)], strict=False))
    return known | {BEYOND: "\t".join(clean[len(columns) :])}


def _figures(report: ImportReport) -> dict[str, Any]:
    return {
        **({"run_id": str(report.run_id)} if report.run_id else {}),  # A resubmit is no run.
        "kind": report.kind,
        "dry_run": report.dry_run,
        "rows": report.rows_read,
        "facts_new": report.facts_new,
        "facts_known": report.facts_known,
        "quarantined": report.quarantined.total(),
        "seconds": round(report.seconds, 3),
    }


def _untold(done: int, total: int) -> None:
    """Nobody wants to know."""
