"""Import of the public data set of the marketplace Olist: three tables, one order at a time.

`import_olist` reads a folder; what a row means stands in olist_rows.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from domain.orders.events import OrderPlaced, StatusRecorded, stream_of
from domain.orders.identity import order_id_of
from services.bootstrap import System
from services.imports.olist_rows import COLUMNS, SOURCE, KnownTimes, OrderReader
from services.imports.problem import ImportProblem
from services.imports.report import ImportReport
from services.imports.rows import SourceRow
from services.imports.runner import Recorder
from services.imports.session import Progress, Source, begin, checked_key, importing
from services.reading import PublishedPath, known_path

PATH: Final = "olist"
MAX_ORDER_ROWS: Final = 5_000
_ENDINGS: Final = (".csv", ".csv.gz")


def import_olist(
    system: System, folder: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Record every order of a folder with orders, order_items and order_payments.

    progress: called with (done, total), both in steps; total is an estimate until all is read.
    Raises:   ImportProblem, InfraError
    """
    files = {table: find_table(folder, table) for table in COLUMNS}
    names = tuple(path.name for path in files.values())
    report = ImportReport("olist", SOURCE, names, dry_run=dry_run)
    with ExitStack() as stack:
        stack.enter_context(importing(system, report))
        tables = {
            name: stack.enter_context(closing(system.import_desk.open_table(file)))
            for name, file in files.items()
        }
        for name, table in tables.items():
            check_columns(table.columns, files[name].name, COLUMNS[name])
        begin(system, report, list(files.values()), {})
        sorter = stack.enter_context(system.import_desk.sorter())
        recorder = Recorder(system, report)
        recorder.follow(olist_path(system), SOURCE)
        source = Source(report, sorter, recorder, progress)
        for name, table in tables.items():
            source.read(table, name, files[name].name, order_number)
        reader = OrderReader(system.clock(), partial(known_times, system))
        for external_id, rows in source.orders(MAX_ORDER_ROWS):
            record_order(external_id, rows, reader, recorder, report)
        recorder.finish()
    return report


def order_number(values: Mapping[str, str]) -> str:
    """Give the order that a row belongs to. Raises: UnreadableError"""
    return checked_key(values["order_id"], "order_id")


def record_order(
    external_id: str,
    rows: Sequence[SourceRow],
    reader: OrderReader,
    recorder: Recorder,
    report: ImportReport,
) -> None:
    """Read all rows of one order and hand over facts and bad rows."""
    order_id = order_id_of(SOURCE, external_id)
    facts, bad, duplicates = reader.read(external_id, order_id, rows)
    report.duplicates += duplicates
    for row, error in bad:
        recorder.bad(row, error, order_id)
    recorder.order(facts)


def olist_path(system: System) -> PublishedPath:
    """Give the published path of the data set."""
    # Whoever opens a system publishes the ready-made ones.
    return system.patience(lambda: known_path(system, PATH))


def find_table(folder: Path, table: str) -> Path:
    """Find `orders.csv` or `orders.csv.gz`, also under Olist's own long name.

    Raises: ImportProblem
    """
    if not folder.is_dir():
        raise ImportProblem(f"{folder} is no folder: name the one that holds {table}.csv")
    for name in (table, f"olist_{table}_dataset"):
        for ending in _ENDINGS:
            if (folder / f"{name}{ending}").is_file():
                return folder / f"{name}{ending}"
    raise ImportProblem(
        f"{folder}: {table}.csv is missing (or {table}.csv.gz): an import needs "
        + ", ".join(f"{name}.csv" for name in COLUMNS)
    )


def check_columns(found: Sequence[str], name: str, wanted: Sequence[str]) -> None:
    """Refuse a table that lacks a column. Raises: ImportProblem"""
    missing = [column for column in wanted if column not in found]
    if missing:
        raise ImportProblem(
            f"{name}:1: the column {', '.join(missing)} is missing"
            f" (there are: {', '.join(found[:20])}): is it the right file?"
        )


def known_times(system: System, order_id: UUID) -> KnownTimes | None:
    """Look up when an order that is in the log was placed and approved."""
    stream = stream_of(order_id)
    placed, approved = None, None
    for recorded in system.patience(lambda: system.log.load({stream: 0}))[stream]:
        match recorded.event:
            case OrderPlaced():
                placed = placed or recorded.occurred_at
            case StatusRecorded(to_status="approved"):
                approved = approved or recorded.occurred_at
            case _:
                pass
    return None if placed is None else KnownTimes(placed, approved)
