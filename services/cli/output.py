"""How answers come out: JSON with stable keys, CSV, or tables for people. Used by every command.

Answers go to standard output, everything about them (progress, warnings) to standard error.
"""

import csv
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_origin, get_type_hints, is_typeddict

from services.plain_json import plain, to_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from services.cli.options import Printing

READABLE: Final = 11  # columns of a text that is folded, so that its words still are words
BORDER: Final = 3  # columns between two columns of a table
# What a spreadsheet would work out instead of showing it; a number with its sign harms nobody.
FORMULA: Final = re.compile(r"(?![+-][0-9]+(\.[0-9]+)?\Z)\s*[=+\-@\t\r]")
WIDTH_WITHOUT_TERMINAL: Final = 160  # columns; a pipe should not cut ids in two


def put(answer: Any, *, as_json: bool, people: Callable[[], "Iterable[RenderableType]"]) -> None:
    """Write an answer as JSON, or what people shall see of it."""
    if as_json:
        put_json(answer)
        return
    for part in people():
        console().print(part, soft_wrap=isinstance(part, str))  # Commands are to be copied whole.


def put_report(
    answer: Any,
    printing: "Printing",
    *,
    rows: Sequence[Mapping[str, Any]],
    columns: Iterable[str],
    people: Callable[[], "Iterable[RenderableType]"],
) -> None:
    """Write a report in the wanted form; rows, columns: what a CSV holds, also without rows."""
    if printing.csv:
        put_csv(rows, columns)
    else:
        put(answer, as_json=printing.json, people=people)


def put_json(answer: Any) -> None:
    """Write one JSON document, indented where a person may be looking."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(to_json(answer, indent=indent) + "\n")


def put_csv(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> None:
    """Write rows below a header, which stands there always.

    What is nested gets a name like seconds_mean; a column that only a row has comes last. Text
    that a spreadsheet would take for a formula stands behind an apostrophe.
    """
    flat = [dict(_flat(row)) for row in rows]
    header = dict.fromkeys([*columns, *(name for row in flat for name in row)])
    writer = csv.DictWriter(sys.stdout, list(header), lineterminator="\n")
    writer.writerow({name: _shown(name) for name in header})
    writer.writerows({name: _shown(cell) for name, cell in row.items()} for row in flat)


def columns_of(shape: Any, prefix: str = "") -> Iterator[str]:
    """Name the columns of rows that are such a TypedDict; those of a plain dict only rows tell."""
    for name, kind in get_type_hints(shape).items():
        if is_typeddict(kind):
            yield from columns_of(kind, f"{prefix}{name}_")
        elif get_origin(kind) is not dict:
            yield prefix + name


def say(message: str) -> None:
    """Tell people something beside the answer."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


@cache
def console() -> "Console":
    """Give the console of standard output."""
    from rich.console import Console

    fixed = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDTH_WITHOUT_TERMINAL
    return Console(width=fixed, highlight=False, emoji=False, markup=False)


def table(title: str | None, *columns: str, rows: Iterable[Sequence[Any]]) -> "Table":
    """Give a table. The marks at the end of a column's name say what may happen to it.

    `>` it is aligned to the right, `!` it is never folded, `?` it is left out, the last first,
    where the others would have no room to be read.
    """
    from rich.table import Table
    from rich.text import Text

    cells = [[words(cell) for cell in row] for row in rows]
    kept = _readable(columns, cells, console().width)
    left_out = [_name_of(c) for n, c in enumerate(columns) if n not in kept and _name_of(c)]
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    if left_out:
        made.caption = f"Too narrow for: {', '.join(left_out)}"
        made.caption_justify = "left"
    for column in (columns[n] for n in kept):
        marks = column.removeprefix(_name_of(column))
        made.add_column(
            _name_of(column),
            justify="right" if ">" in marks else "left",
            no_wrap="!" in marks,
            overflow="fold",
        )
    for row in cells:
        made.add_row(*(Text(row[n]) for n in kept))
    return made


def _name_of(column: str) -> str:
    return column.rstrip(">!?")


def _readable(columns: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Number the columns that the width can show without folding words to pieces."""
    from rich.cells import cell_len

    def needed(number: int) -> int:
        texts = (_name_of(columns[number]), *(row[number] for row in cells))
        longest = max(cell_len(line) for text in texts for line in text.splitlines() or [""])
        marks = columns[number].removeprefix(_name_of(columns[number]))
        return BORDER + (longest if "!" in marks else min(longest, READABLE))

    kept = list(range(len(columns)))
    room = width - 1 - sum(map(needed, kept))
    for number in reversed(range(len(columns))):
        if room < 0 and columns[number].endswith("?"):
            kept.remove(number)
            room += needed(number)
    return kept


def words(value: Any) -> str:
    """Write a value as people read it in a table."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case timedelta():
            return span(value.total_seconds())
        case Mapping():
            return ", ".join(f"{k}={_bare(v)}" for k, v in value.items() if v is not None)
        case list() | tuple():
            return ", ".join(_bare(v) for v in value)
        case _:
            return str(value)


def how_many(number: int, plural: str) -> str:
    """Write how many there are, in words of a regular plural: 1 order, 2,000 orders."""
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"


def span(seconds: float | None) -> str:
    """Write a length of time shortly: 42s, 12m 5s, 3h 20m, 9d 6h."""
    if seconds is None:
        return "-"
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    if rest < 60:
        return f"{sign}{rest:.0f}s" if rest >= 10 or rest == int(rest) else f"{sign}{rest:.1f}s"
    whole = round(rest)
    for size, name, below, less in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m")):
        if whole >= size:
            major, minor = divmod(whole, size)
            return f"{sign}{major}{name} {minor // below}{less}"
    return f"{sign}{whole // 60}m {whole % 60}s"


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a function (done, in all) that moves a bar on a terminal, and is silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=None, rate="")

        def move(done: int, total: int) -> None:
            speed = shown.tasks[task].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            shown.update(task, completed=done, total=total or None, rate=rate)

        yield move


def _bare(value: Any) -> str:
    return str(value) if isinstance(value, int) else words(value)


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}_")
        else:
            yield prefix + key, _cell(value)


def _shown(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = f"'{cell}" if FORMULA.match(cell) else cell
    return text.replace("\r\n", "\n").replace("\r", "\n")  # csv quotes \n, and lets \r end a row.


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " > ".join(map(str, value))
    return plain(value) if isinstance(value, datetime) else value
