"""`orderpath product import`: products from a table; the same file twice adds nothing.

Every row says all that there is to say of one product. A bad row is told with its line and
stops none of the others.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from domain.catalog import decide_on
from domain.facts import Facts
from domain.hints import hint
from domain.messages import Actor, Outcome
from domain.orders.amounts import basis_points, minor_units
from domain.orders.currencies import known_currency
from domain.products.commands import PublishProduct
from domain.refusals import UnreadableError
from services.bootstrap import System
from services.imports.problem import ImportProblem
from services.imports.rows import SourceRow, checked, filled
from services.imports.session import STRUCTURE, TOLD_EVERY_ROWS, Progress, Table
from services.states import StateCache

IN_FLIGHT: Final = 512  # commands
LOOKED_UP: Final = 500  # products of a dry run, together
MOST_TOLD: Final = 1_000  # bad rows; the others are counted
WANTED: Final = ("sku", "title", "price", "currency")
COLUMNS: Final = (*WANTED, "vat", "supplier", "category")
_ACTOR: Final = Actor(kind="import", id="products")

Row = tuple[int, PublishProduct]  # the line that it stands on


@dataclass(frozen=True, slots=True)
class BadProduct:
    """A row that no product can be made of."""

    line: int
    reason: str
    column: str | None
    message: str


@dataclass(slots=True)
class ProductsReport:
    """Figures of one run; of a dry run: what would be."""

    file: str
    dry_run: bool
    rows_read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad_rows: int = 0
    bad: list[BadProduct] = field(default_factory=list)  # the first of them

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        return asdict(self)


def import_products(
    system: System, path: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> ProductsReport:
    """Publish the products of a CSV, CSV.gz or Parquet file.

    Raises: Unusable for a file that is no such table, InfraError
    """
    report = ProductsReport(path.name, dry_run)
    with closing(system.import_desk.open_table(path)) as table:
        _check_columns(path.name, table.columns)
        rows = _products(table, report, progress)
        if dry_run:
            _rehearse(system, rows, report)
        else:
            _publish(system, rows, report)
    return report


def _check_columns(file: str, columns: Sequence[str]) -> None:
    problems = [f"{file}:1: there is no column {name}" for name in WANTED if name not in columns]
    problems += [
        f"{file}:1: no product has a {name!r}{hint(name, COLUMNS)}"
        for name in columns
        if name not in COLUMNS
    ]
    if problems:
        raise ImportProblem(*problems)


def _products(table: Table, report: ProductsReport, progress: Progress | None) -> Iterator[Row]:
    """Read row by row; what cannot be read goes into the report."""
    lines: dict[str, int] = {}
    for line, values, problem in table.rows():
        report.rows_read += 1
        try:
            if problem is not None:
                raise UnreadableError(problem, None, STRUCTURE[problem])
            row = SourceRow("products", report.file, line, _every_column(table.columns, values))
            command = _command(row)
            first = lines.setdefault(command.sku, line)
            if first != line:
                words = f"sku stands on line {first} already: which one counts?"
                raise UnreadableError("sku_twice", "sku", words)
            yield line, command
        except UnreadableError as error:
            _tell(report, line, error)
        if progress and report.rows_read % TOLD_EVERY_ROWS == 0:
            expected = int(report.rows_read / max(table.read_share, 0.001))
            progress(report.rows_read, max(expected, report.rows_read))


def _every_column(columns: Sequence[str], values: Sequence[str]) -> Mapping[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), **dict(zip(columns, values, strict=True))}


def _command(row: SourceRow) -> PublishProduct:
    currency = _currency(filled(row, "currency"))
    return checked(
        PublishProduct,
        command_id=uuid4(),  # What is so already is nothing, whoever says it again.
        actor=_ACTOR,
        source="products",
        sku=filled(row, "sku"),
        title=filled(row, "title"),
        unit_price_minor=minor_units(filled(row, "price"), "price", currency),
        currency=currency,
        vat_bp=basis_points(row["vat"] or "0", "vat"),
        supplier=filled(row, "supplier") if row["supplier"].strip() else None,
        category=filled(row, "category") if row["category"].strip() else None,
    )


def _currency(code: str) -> str:
    try:
        return known_currency(code)
    except ValueError as error:
        raise UnreadableError("currency_unknown", "currency", f"the currency {error}") from None


def _tell(report: ProductsReport, line: int, error: UnreadableError) -> None:
    report.bad_rows += 1
    if len(report.bad) < MOST_TOLD:
        report.bad.append(BadProduct(line, error.reason, error.column, error.message))


def _publish(system: System, rows: Iterator[Row], report: ProductsReport) -> None:
    flying: deque[tuple[PublishProduct, Future[Outcome]]] = deque()
    for _line, command in rows:
        if len(flying) >= IN_FLIGHT:
            _count_answer(report, *flying.popleft())
        flying.append((command, system.pipeline.submit(command)))
    while flying:
        _count_answer(report, *flying.popleft())


def _count_answer(report: ProductsReport, command: PublishProduct, answer: Future[Outcome]) -> None:
    outcome = answer.result()
    _count(report, outcome.events, outcome.versions.get(command.stream_id, 0))


def _rehearse(system: System, rows: Iterator[Row], report: ProductsReport) -> None:
    """Decide on the products as they stand in the log, and record nothing."""
    states = StateCache(LOOKED_UP)
    while some := list(islice(rows, LOOKED_UP)):
        found = states.fetch(system.log, (row[1].stream_id for row in some), fresh=True)
        for _line, command in some:
            (decided,) = decide_on(command, found, Facts(), system.clock()).values()
            _count(report, len(decided), found[command.stream_id].version + len(decided))


def _count(report: ProductsReport, events: int, version: int) -> None:
    """version: of the product afterwards; a new one has no other events."""
    if not events:
        report.unchanged += 1
    elif version == events:
        report.new += 1
    else:
        report.changed += 1
