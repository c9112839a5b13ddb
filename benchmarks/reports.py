"""How long each report takes at 100,000 orders.

The simulated shop is run once and projected; its tables are then copied row by row under other
order ids with SQL. So the log behind them is small, the tables are as large as they should be.

Orders are copied whole. Open ones keep their share; of those that have ended, the ones that ended
early are copied more often than the others, so that an order has the six stays that the targets
are given for: the shop alone has eight.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Any, Final

from psycopg import Connection, sql

from benchmarks.measure import Figure, Found, Measured, measured
from benchmarks.server import analyse, create, drop
from infra.postgres import connect
from infra.settings import Settings
from projections.builds import list_builds
from projections.catalog import BY_NAME
from projections.reports.compare import Period, compare_periods
from projections.reports.conversion import measure_conversion
from projections.reports.demand import list_demand
from projections.reports.funnel import count_cohorts, count_flow, count_funnel
from projections.reports.operators import measure_operators
from projections.reports.pipeline import value_pipeline
from projections.reports.reasons import list_reasons
from projections.reports.receivables import list_receivables
from projections.reports.routes import count_routes
from projections.reports.scope import Reader, Scope
from projections.reports.segments import list_segments
from projections.reports.stale import list_stale
from projections.reports.times import measure_handling, measure_time_in_status
from projections.reports.transitions import count_transitions
from services.bootstrap import System, open_system
from services.demo import DAYS
from services.demo.clock import VirtualClock
from services.demo.run import run_demo
from services.demo.shop import START
from services.reading import status_places

REPEATS: Final = 5
REPEATS_THEN: Final = 3
LISTED_FOR_PEOPLE: Final = 50  # as the command line does; a program gets all
VISITS_PER_ORDER: Final = 6
SHORT: Final = 6  # stays; an order that ended within so many ended early

Question = Callable[[Reader, Scope], object]


def measure_reports(server_url: str, *, orders: int, base_orders: int) -> Iterator[Found]:
    """Ask every question a few times as things are now, two of them also as they were."""
    url = create(server_url, "bench_reports")
    settings = Settings(database_url=url, log_level="error")
    with open_system(settings, VirtualClock(START)) as system:
        summary = run_demo(system, orders=base_orders)
        system.catch_up()
        _multiply(system, orders)
        analyse(url)
        yield Figure("orders in the tables", _count(system, "orders"), "rows")
        yield Figure("visits in the tables", _count(system, "visits"), "rows")
        questions = _questions(system)
        now = Scope()
        found = {name: _ask(system, name, ask, now) for name, ask in questions.items()}
        yield from found.values()
        past = Scope(as_of=summary.until)
        for name in ("funnel now", "stale"):
            yield _ask(system, f"{name}, as of the end", questions[name], past, REPEATS_THEN)
    drop(server_url, "bench_reports")
    for name, limit in _LIMITS.items():
        yield Figure(f"report {name}, p99", found[name].p99_ms or 0.0, "ms", at_most=limit)


_LIMITS: Final = {"funnel now": 300, "stale": 300, "times": 800, "handling": 800, "conversion": 800}


def _questions(system: System) -> dict[str, Question]:
    places = status_places(system)
    return {
        "funnel now": lambda reader, scope: count_funnel(reader, scope, places),
        "funnel flow": lambda reader, scope: count_flow(reader, scope, places),
        "funnel cohort": lambda reader, scope: count_cohorts(reader, scope, places),
        "stale": list_stale,
        "stale, fifty listed": partial(list_stale, limit=LISTED_FOR_PEOPLE),
        "conversion": lambda reader, scope: measure_conversion(reader, scope, "new", "delivered"),
        "transitions": count_transitions,
        "times": measure_time_in_status,
        "handling": measure_handling,
        "routes": count_routes,
        **{name: _of_now(ask) for name, ask in _FIGURES.items()},
    }


_MIDDLE: Final = START + timedelta(days=DAYS // 2)
_FIGURES: Final[dict[str, Callable[[Reader], object]]] = {
    "pipeline": value_pipeline,
    "receivables": list_receivables,
    "receivables, fifty listed": partial(list_receivables, limit=LISTED_FOR_PEOPLE),
    "demand": list_demand,
    "segments": list_segments,
    "reasons": list_reasons,
    "operators": measure_operators,
    "compare": partial(
        compare_periods,
        one=Period(START, _MIDDLE),
        other=Period(_MIDDLE, START + timedelta(days=DAYS)),
    ),
}


def _of_now(ask: Callable[[Reader], object]) -> Question:
    """These are about how things are now, whatever the scope."""
    return lambda reader, _: ask(reader)


def _ask(
    system: System, name: str, ask: Question, scope: Scope, repeats: int = REPEATS
) -> Measured:
    latencies = []
    for _ in range(repeats + 1):
        with system.snapshot() as reader:
            began = perf_counter()
            ask(reader, scope)
            latencies.append(perf_counter() - began)
    del latencies[0]  # The first one warms the caches.
    return measured(f"report, {name}", latencies, sum(latencies), callers=1)


def _count(system: System, table: str) -> int:
    with system.lend("orderpath_projector") as session:
        row: Any = session.execute(
            sql.SQL("select count(*) from live.{}").format(sql.Identifier(table))
        ).fetchone()
    return int(row[0])


def _multiply(system: System, orders: int) -> None:
    """Copy the orders of every table under new ids, until there are about so many."""
    with connect(system.url, synchronous_commit="off", work_mem="256MB") as session:
        with session.cursor() as cursor:
            builds = list_builds(cursor, "live")
        _choose_copies(session, orders)
        for build in builds:
            for table in BY_NAME[build.projection].tables:
                columns = session.execute(
                    "select attname from pg_attribute where attnum > 0 and not attisdropped"
                    " and attgenerated = ''"
                    " and attrelid = format('%%I.%%I', %s::text, %s::text)::regclass"
                    " order by attnum",
                    [build.schema, table],
                ).fetchall()
                if ("order_id",) in columns:  # Stock belongs to no order.
                    session.execute(_copy(build.schema, table, [name for (name,) in columns]))


def _choose_copies(session: Connection[Any], orders: int) -> None:
    """Say in table `copies` how often there shall be each order."""
    session.execute(
        "create temp table copies as select order_id, visit_no as visits,"
        " case when final is null then 'open' when visit_no <= %s then 'short' else 'long' end"
        " as kind, 0 as times from live.standings",
        [SHORT],
    )
    found = session.execute("select kind, count(*), sum(visits)::integer from copies group by kind")
    kinds = {kind: (count, visits) for kind, count, visits in found}
    (opened, opened_visits), short, long = kinds["open"], kinds["short"], kinds["long"]
    as_open = orders / sum(count for count, _ in kinds.values())
    as_short, as_long = _solve(
        (short[0], long[0], orders - opened * as_open),
        (short[1], long[1], orders * VISITS_PER_ORDER - opened_visits * as_open),
    )
    for kind, times in (("open", as_open), ("short", as_short), ("long", as_long)):
        session.execute("update copies set times = %s where kind = %s", [round(times), kind])
    session.execute("analyze copies")


def _solve(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, float]:
    """Give x and y of a x + b y = c, twice."""
    (a, b, c), (d, e, f) = one, other
    by = a * e - b * d
    return (c * e - b * f) / by, (a * f - c * d) / by


def _copy(schema: str, table: str, columns: list[str]) -> sql.Composed:
    others = {
        "order_id": sql.SQL("md5(t.order_id::text || n)::uuid"),
        "position": sql.SQL("t.position + n * 1000000000::bigint"),
    }
    values = [others.get(name, sql.Identifier("t", name)) for name in columns]
    return sql.SQL(
        "insert into {0} ({1}) select {2} from {0} t join copies c on c.order_id = t.order_id"
        " cross join lateral generate_series(2, c.times) as n"
    ).format(
        sql.Identifier(schema, table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(values),
    )
