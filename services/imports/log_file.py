"""Import of any event log: one file, a row for each event, read by a mapping."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Final

from domain.hints import hint
from domain.messages import is_code
from domain.orders.identity import canonical, order_id_of
from domain.refusals import UnreadableError
from services.bootstrap import System
from services.imports.discover import discovered, drafted
from services.imports.log_rows import Looker, MappedReader, attribute_columns, order_number
from services.imports.mapping import MAX_ATTRIBUTES, LogMapping, part_of, stored_form
from services.imports.mapping_file import MappingFile, Mistake, discovers, read_mapping
from services.imports.report import ImportReport
from services.imports.rows import SourceRow
from services.imports.runner import Recorder
from services.imports.session import Progress, Source, Table, begin, importing
from services.paths.draft import Observed
from services.reading import PublishedPath, latest_path

TABLE: Final = "events"
MAX_ORDER_ROWS: Final = 10_000


def import_log(
    system: System,
    file: Path,
    mapping: Path,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Record every row of an event log (CSV, CSV.gz, Parquet) by a mapping in YAML.

    progress: called with (done, total), both in steps; total is an estimate until all is read.
    Raises:   ImportProblem, InfraError
    """
    report = ImportReport("log", "", (file.name,), dry_run=dry_run)
    with ExitStack() as stack:
        stack.enter_context(importing(system, report))
        read = read_mapping(system, mapping)
        table = stack.enter_context(closing(_opened(system, file, read)))
        path, mistakes = _path_of(system, read)
        chosen = read.without([*_misfits(read, table.columns, file.name), *mistakes])
        report.source = chosen.source
        begin(system, report, [file], stored_form(chosen))
        sorter = stack.enter_context(system.import_desk.sorter())
        recorder = Recorder(system, report)
        source = Source(report, sorter, recorder, progress)
        source.read(table, TABLE, file.name, partial(order_number, chosen))
        if path is None:
            chosen, path = _discover(system, report, chosen, mapping.parent, source)
        recorder.follow(path, mapping_salt(chosen))
        reader = MappedReader(chosen, table.columns, system.clock(), report)
        for external_id, rows in source.orders(MAX_ORDER_ROWS):
            record_order(external_id, rows, reader, recorder)
        recorder.finish()
    return report


def observe_log(
    system: System, file: Path, mapping: Path, progress: Progress | None = None
) -> tuple[LogMapping, str, Observed]:
    """Draft a path from an event log and record nothing; rows that cannot be read do not count.

    Shape:  the mapping, the path as YAML, and in figures
    Raises: Unusable, InfraError
    """
    read = read_mapping(system, mapping)
    with closing(_opened(system, file, read)) as table, system.import_desk.sorter() as sorter:
        chosen = read.without(_misfits(read, table.columns, file.name))
        report = ImportReport("log", chosen.source, (file.name,), dry_run=True)
        source = Source(report, sorter, _Unheard(), progress)
        source.read(table, TABLE, file.name, partial(order_number, chosen))
        looks = partial(source.looked_at, Looker(chosen).look, MAX_ORDER_ROWS)
        text, observed = drafted(chosen, looks)
    return chosen, text, observed


def record_order(
    external_id: str, rows: Sequence[SourceRow], reader: MappedReader, recorder: Recorder
) -> None:
    """Read all rows of one order and hand over facts and bad rows."""
    order_id = order_id_of(reader.mapping.source, external_id)
    facts, bad = reader.read(external_id, order_id, rows)
    for row, error in bad:
        recorder.bad(row, error, order_id)
    recorder.order(facts)


def mapping_salt(mapping: LogMapping) -> str:
    """Tell one way of reading from another: the same facts read otherwise are other commands."""
    return f"log:{canonical(stored_form(mapping))}"


def _path_of(system: System, read: MappingFile) -> tuple[PublishedPath | None, Sequence[Mistake]]:
    """Give the path that the mapping names, unless one is drafted, and the statuses it lacks."""
    name = read.written.get("path")
    if discovers(read.written) or name is None or "path" in read.wrong:
        return None, ()
    path = system.patience(lambda: latest_path(system, name))
    if path is None:
        words = (
            f"no path {name!r} is published: publish its file with `orderpath path publish`, "
            "or write `discover: true`"
        )
        return None, [read.mistake(("path",), words)]
    statuses = path.definition.statuses
    return path, [
        read.mistake(
            ("activity", "map", activity),
            f"the path {name} has no status {status!r}{hint(status, tuple(statuses))}",
        )
        for activity, status in part_of(part_of(read.written, "activity"), "map").items()
        if isinstance(status, str) and is_code(status) and status not in statuses
    ]


def _misfits(read: MappingFile, columns: Sequence[str], name: str) -> Iterator[Mistake]:
    """Say where the mapping does not fit the table."""
    yield from read.missing_columns(columns, name)
    if read.valid is None:
        return
    kept = len(attribute_columns(read.valid, columns)) + len(read.valid.order_id)
    if kept > MAX_ATTRIBUTES:
        words = f"{kept} columns would be kept with each event, at most {MAX_ATTRIBUTES} can be"
        yield read.mistake(("attributes",), f"{words}: list those that matter")


class _Unheard:
    """Takes bad rows where nothing is recorded."""

    def bad(self, row: SourceRow, error: UnreadableError) -> None: ...


def _opened(system: System, file: Path, read: MappingFile) -> Table:
    """Open the table. A mapping that does not say how is not looked at any further."""
    if read.wrong & {"delimiter", "encoding"}:
        read.without()
    form = {key: read.written[key] for key in ("delimiter", "encoding") if key in read.written}
    return system.import_desk.open_table(file, **form)


def _discover(
    system: System, report: ImportReport, mapping: LogMapping, folder: Path, source: Source
) -> tuple[LogMapping, PublishedPath]:
    """Fill the map in from the rows, and remember it for rows that are resubmitted."""
    looker = Looker(mapping)
    looks = partial(source.looked_at, looker.look, MAX_ORDER_ROWS)
    filled, path = discovered(system, mapping, folder, report, looks)
    run_id = report.run_id
    if not report.dry_run and run_id is not None:
        store, found = system.import_desk.store, stored_form(filled)
        system.patience(lambda: store.remember_mapping(run_id, found))
    return filled, path
