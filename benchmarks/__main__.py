"""`python -m benchmarks [names]`: measures the parts that are named, or all of them."""

import argparse
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Found, print_json, print_markdown, print_table
from benchmarks.server import bench_server

DEFAULT_OLIST = Path(__file__).parents[2] / "shared" / "data" / "olist"


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how much."""

    quick: bool
    olist: Path


def main() -> int:
    """Measure, print the table and the JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *PARTS], help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="in two minutes, less exactly")
    parser.add_argument(
        "--markdown", action="store_true", help="print docs/performance.md's tables"
    )
    parser.add_argument("--olist", type=Path, default=DEFAULT_OLIST, help="folder of the data set")
    given = parser.parse_args()
    options = Options(given.quick, given.olist)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended
    found: list[Found] = []
    with bench_server() as url:
        for name in given.names or PARTS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found += PARTS[name](url, options)
    if given.markdown:
        print(f"Python {platform.python_version()}, {platform.machine()}")
        print_markdown(found)
    else:
        print_table(found)
        print_json(found)
    return 0


def _commands(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.write_path import measure_write_path

    if options.quick:
        return measure_write_path(url, seconds=0.4, rounds=1, callers=(64,))
    return measure_write_path(url, seconds=2.0, rounds=3)


def _projections(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.projections import measure_projections

    if options.quick:
        return measure_projections(url, events=4_000, stock_events=800, rounds=1)
    return measure_projections(url, events=200_000, stock_events=8_000, rounds=2)


def _imports(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.imports import measure_import

    if options.quick:
        print("import left out: it takes longer than --quick allows", file=sys.stderr)
        return iter(())
    return measure_import(url, folder=options.olist)


def _reports(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.reports import measure_reports

    if options.quick:
        return measure_reports(url, orders=2_000, base_orders=200)
    return measure_reports(url, orders=100_000, base_orders=2_000)


def _paths(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.paths import measure_paths

    if options.quick:
        return measure_paths(url, seconds=0.4, rounds=1)
    return measure_paths(url, seconds=2.0, rounds=3)


def _streams(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.streams import measure_streams

    if options.quick:
        return measure_streams(url, events=20_000, seconds=3.0)
    return measure_streams(url, events=200_000, seconds=20.0)


def _memory(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.streams import measure_memory

    if options.quick:
        print("memory left out: it takes longer than --quick allows", file=sys.stderr)
        return iter(())
    return measure_memory(url, events=1_000_000)


def _rules(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.rules import measure_rules

    if options.quick:
        return measure_rules(url, events=4_000, seconds=0.5, rounds=1)
    return measure_rules(url, events=100_000, seconds=3.0, rounds=3)


def _clock(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.clock import measure_clock

    if options.quick:
        return measure_clock(url, orders=2_000, seconds=0.4)
    return measure_clock(url, orders=50_000, seconds=10.0)


def _audit(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.audit import measure_audit

    if options.quick:
        return measure_audit(url, events=50_000, seconds=1.0, rounds=7)
    return measure_audit(url, events=500_000, seconds=3.0, rounds=11)


def _http(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.http import measure_http

    if options.quick:
        return measure_http(url, seconds=1.0, rounds=1)
    return measure_http(url, seconds=5.0, rounds=3)


def _load(url: str, options: Options) -> Iterator[Found]:
    from benchmarks.load import measure_load

    return measure_load(url, seconds=4.0 if options.quick else 300.0)


PARTS: dict[str, Callable[[str, Options], Iterator[Found]]] = {
    "commands": _commands,
    "paths": _paths,
    "projections": _projections,
    "import": _imports,
    "reports": _reports,
    "streams": _streams,
    "memory": _memory,
    "rules": _rules,
    "clock": _clock,
    "audit": _audit,
    "http": _http,
    "load": _load,
}


if __name__ == "__main__":
    sys.exit(main())
