"""Events per second that rules judge, live and in a backtest, and what they cost commands."""

import asyncio
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from benchmarks.filling import fill
from benchmarks.measure import Figure, Found, Measured
from benchmarks.orders import ACTOR, place_all
from benchmarks.programs import running
from benchmarks.server import analyse, create, drop
from benchmarks.write_path import ours
from domain.rules.line import PublishRule
from domain.rules.rule import Rule
from infra.settings import Settings
from services.backtest import Part, backtest
from services.bootstrap import System, open_system
from services.demo.clock import VirtualClock
from services.demo.shop import START

RULES: Final = 50
CALLERS: Final = 64
LOG: Final = "bench_rules"
WRITING: Final = {False: "bench_writing", True: "bench_ruled"}  # without rules, with them
LOOKED_AT: Final[tuple[dict[str, Any], ...]] = (
    {"event": "order.placed"},
    {"change": "status"},
    {"change": "status", "to": ["cancelled", "done"]},
    {"event": "order.payment_charged"},
    {"change": "payment_status", "to": "paid"},
    {"event": "order.note_added"},
    {"change": "owner_user"},
    {"event": "order.item_status_changed"},
    {"event": "order.fields_changed"},
    {"silence": "3d"},
)


def measure_rules(server_url: str, *, events: int, seconds: float, rounds: int) -> Iterator[Found]:
    """Judge the log of a simulated shop; then write beside a follower, with rules and without."""
    url = create(server_url, LOG)
    with open_system(Settings(database_url=url, log_level="error"), VirtualClock(START)) as system:
        _publish(system)
        fill(system, events)
        analyse(url)
        system.prepare_projections()
        yield from _judging(system)
    drop(server_url, LOG)
    yield from _writing(server_url, seconds, rounds)


def _publish(system: System) -> None:
    """Publish rules of three conditions each; of ten kinds of what they look at."""
    for number in range(RULES):
        rule = Rule.model_validate(
            {
                "rule": f"rule_{number}",
                "on": [LOOKED_AT[number % len(LOOKED_AT)]],
                "if": {
                    "dear": f"order.total_minor > {number * 1_000}",
                    "many": "items.exists(item, item.quantity > 2) || order.channel == 'web'",
                    "rare": f"order.order_type == 'kind_{number}' && order.paid_minor >= 0",
                },
                "then": [{"note": "It came so far"}],
            }
        )
        system.execute(PublishRule(command_id=uuid4(), actor=ACTOR, definition=rule))


def _judging(system: System) -> Iterator[Found]:
    head = system.log.head().position
    began = perf_counter()
    system.read_models.rebuild("trigger_runs")
    judged = head / (perf_counter() - began)
    rule = Rule.model_validate({"rule": "tried", "on": [LOOKED_AT[1]], "then": [{"note": "So"}]})
    began = perf_counter()
    now = system.clock()
    backtest(system.projection_log, [rule], Part(0, head, now, now))
    took = perf_counter() - began
    yield Measured(f"rules, {RULES} judge", 1, round(judged, 1))
    yield Measured("rules, backtest beside them", 1, round(head / took, 1))
    yield Figure(f"{RULES} rules of 3 conditions judge", judged, "events/s", at_least=3_000)
    yield Figure("backtest of 100,000 events", 100_000 * took / head, "s", at_most=60)


def _writing(server_url: str, seconds: float, rounds: int) -> Iterator[Found]:
    """Moves beside a follower and what acts, in turns without rules and with them."""
    for ruled, name in WRITING.items():
        url = create(server_url, name)
        with open_system(Settings(database_url=url, log_level="error")) as system:
            if ruled:
                _publish(system)
            asyncio.run(place_all(system.pipeline))
            system.catch_up()
        analyse(url)
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for ruled, template in WRITING.items():
            url = create(server_url, "bench_run", template)
            environment = {"ORDERPATH_DATABASE_URL": url, "ORDERPATH_LOG_LEVEL": "error"}
            with running("follow", environment), running("act", environment):
                found, _ = ours("move")(url, CALLERS, seconds)
            rates[ruled].append(found.ops_per_s)
    for name in ("bench_run", *WRITING.values()):
        drop(server_url, name)
    for ruled, label in ((False, "no rules"), (True, f"{RULES} rules")):
        yield Measured(f"moves beside a follower, {label}", CALLERS, median(rates[ruled]))
    ratio = median(one / other for one, other in zip(rates[True], rates[False], strict=True))
    yield Figure("moves with rules live / without", ratio, "x", at_least=0.8)
