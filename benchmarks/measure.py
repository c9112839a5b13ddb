"""What a benchmark finds, and how it is shown: a table, JSON lines, Markdown."""

import json
import resource
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

COLUMNS: Final = ("name", "callers", "ops/s", "p50 ms", "p99 ms", "CPU µs/op")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: how often per second, and how long each took."""

    name: str
    callers: int
    ops_per_s: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us: float | None = None  # CPU time of our processes per operation, the database's not


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that follows from runs, beside what it should be."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"< {self.at_most:g}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value >= self.at_most
        return "missed" if low or high else "met"


Found = Measured | Figure


def measured(
    name: str, latencies: Sequence[float], seconds: float, *, callers: int, cpu_s: float = 0.0
) -> Measured:
    """Sum up a run. Latencies and the length of the run in seconds."""
    count = len(latencies)
    return Measured(
        name,
        callers,
        round(count / seconds, 1),
        percentile(latencies, 0.50),
        percentile(latencies, 0.99),
        round(cpu_s / count * 1e6, 1) if cpu_s and count else None,
    )


def percentile(seconds: Sequence[float], share: float) -> float | None:
    """Give a percentile in milliseconds, None of nothing."""
    ordered = sorted(seconds)
    return round(ordered[int((len(ordered) - 1) * share)] * 1e3, 3) if ordered else None


def middle(runs: Sequence[Measured]) -> Measured:
    """Of repeated runs, give the one in the middle (of two, the slower)."""
    return sorted(runs, key=lambda run: run.ops_per_s)[(len(runs) - 1) // 2]


def peak_memory_mb() -> float:
    """Give the most memory that this process ever held.

    Linux counts the peak of whoever started it into ru_maxrss, hence the other source.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1_024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on macOS


def print_table(found: Iterable[Found]) -> None:
    """Show the findings to people."""
    found = list(found)
    runs = Table(*COLUMNS[:1], title="Runs")
    for column in COLUMNS[1:]:
        runs.add_column(column, justify="right")
    figures = Table("figure", title="Figures")
    for column in ("value", "target", ""):
        figures.add_column(column, justify="right")
    for one in found:
        (runs if isinstance(one, Measured) else figures).add_row(*_cells(one))
    for table in (runs, figures):
        if table.row_count:
            Console().print(table)


def print_json(found: Iterable[Found]) -> None:
    """Show the findings to programs, one a line; figures have other keys than runs."""
    for one in found:
        line = asdict(one)
        line.pop("cpu_us", None)
        if isinstance(one, Figure):
            line["verdict"] = one.verdict
        print(json.dumps(line))


def print_markdown(found: Iterable[Found]) -> None:
    """Show the findings as docs/performance.md has them."""
    found = list(found)
    runs = [one for one in found if isinstance(one, Measured)]
    figures = [one for one in found if isinstance(one, Figure)]
    for header, rows in ((COLUMNS, runs), (("figure", "value", "target", ""), figures)):
        if rows:
            print("\n| " + " | ".join(header) + " |")
            print("|---" + "|---:" * (len(header) - 1) + "|")
            for row in rows:
                print("| " + " | ".join(_cells(row)) + " |")


def _cells(one: Found) -> list[str]:
    if isinstance(one, Figure):
        return [one.name, f"{one.value:,.4g} {one.unit}".strip(), one.target, one.verdict]
    numbers = (one.p50_ms, one.p99_ms)
    return [
        one.name,
        str(one.callers),
        f"{one.ops_per_s:,.0f}" if one.ops_per_s >= 100 else f"{one.ops_per_s:.1f}",
        *("" if number is None else f"{number:.2f}" for number in numbers),
        "" if one.cpu_us is None else f"{one.cpu_us:.0f}",
    ]
