"""Law of moments: whatever time programs tell of, the read models take it and go on, with rules
that know hours, delays and silences, and with limits in working time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.orders import commands as c
from domain.orders import facts
from domain.paths.calendar_line import PublishCalendar
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.rules.rule import Rule
from services.backtest import Part, backtest
from tests.integration.projections.world import World, open_world
from tests.integration.rules.ruling import fire, publish, settle
from tests.support.examples import CALENDAR, NOW, PATH, TEA, actor

FIRST = datetime.min.replace(tzinfo=UTC)
END = datetime(9999, 12, 30, tzinfo=UTC)
PROGRAM = actor("api_key")
RULES: tuple[dict[str, Any], ...] = (
    {"rule": "hours", "on": [{"event": "order.placed"}], "hours": "shop"},
    {"rule": "delay", "on": [{"change": "status"}], "hours": "shop", "delay": "3650d"},
    {"rule": "silence", "on": [{"silence": "3650d"}, {"silence": "1d"}]},
    {"rule": "time", "on": [{"change": "payment_status"}], "if": {
        "old": "now - timestamp('2000-01-01T00:00:00Z') > duration('1h')"}},
    {"rule": "fixed", "on": [{"schedule": {"at": ["10:00"]}, "in": ["new", "packed"]}]},
)  # fmt: skip
STATUSES = PATH.content["statuses"]
LIMITED = OrderPath.model_validate(
    PATH.content
    | {
        "path": "limited",
        "calendar": "shop",
        "statuses": STATUSES
        | {
            "new": STATUSES["new"] | {"limit": {"working": "2d", "warn": "50%"}},
            "confirmed": {"stage": "work", "pauses_clock": True},
        },
    }
)
BEFORE_END = END.replace(tzinfo=None)
moments = st.one_of(
    st.datetimes(max_value=BEFORE_END, timezones=st.just(UTC)),
    st.sampled_from([FIRST, END, *(datetime(year, 1, 1, tzinfo=UTC) for year in
                     (1899, 1970, 2026, 2200))]),
)  # fmt: skip
todays = st.datetimes(NOW.replace(tzinfo=None), timezones=st.just(UTC), max_value=BEFORE_END)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        opened.send(
            PublishCalendar(command_id=uuid4(), actor=actor(), definition=CALENDAR),
            PublishPath(command_id=uuid4(), actor=actor(), definition=LIMITED),
        )
        publish(opened, *({"then": [{"note": "Seen"}]} | one for one in RULES))
        yield opened


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.sampled_from(["shop", "limited"]), st.lists(moments, min_size=4, max_size=4), todays)
@example("limited", [FIRST] * 4, datetime(2026, 3, 2, tzinfo=UTC))
@example("shop", [FIRST, END, END, FIRST], END)
def test_read_models_reach_the_end_of_the_log_whatever_moments_it_tells_of(
    world: World, path: str, told: list[datetime], now: datetime
) -> None:
    world.now = END  # Whatever is told of has been.
    order_id = uuid4()
    whose = {"command_id": uuid4(), "actor": PROGRAM, "order_id": order_id, "path": path}
    at = iter(told)
    placed = {"currency": "EUR", "lines": (TEA,), "occurred_at": next(at)}
    world.send(c.PlaceOrder.model_validate(whose | placed))
    world.now = now
    world.send(c.ChangeStatus(**who(order_id), to_status="confirmed"))
    world.now = END
    told_of = (
        facts.StatusFact(fact_id=uuid4(), occurred_at=next(at), status="packed", rank=1),
        facts.SourceStatusFact(fact_id=uuid4(), occurred_at=next(at), source_status="x"),
        facts.PaymentFact(
            fact_id=uuid4(), occurred_at=next(at), movement="charged", payment_id="1",
            amount_minor=1, currency="EUR",
        ),
    )  # fmt: skip
    (outcome,) = world.send(c.RecordFacts.model_validate(whose | {"facts": told_of}))
    assert outcome.kind == "accepted", outcome
    settle(world)
    world.now = now
    fire(world)
    settle(world)

    assert world.follower().waiting() == 0
    assert world.query("select error from projection.parked") == []


@settings(
    max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(moments, min_size=1, max_size=5))
def test_a_backtest_ends_whatever_moments_the_log_tells_of(
    world: World, told: list[datetime]
) -> None:
    world.now = END
    for at in told:
        fact = facts.StatusFact(fact_id=uuid4(), occurred_at=at, status="packed", rank=1)
        whose = {"command_id": uuid4(), "actor": actor("import"), "order_id": uuid4()}
        world.send(c.RecordFacts.model_validate(whose | {"path": "shop", "facts": (fact,)}))
    head = world.log.head().position
    rules = [Rule.model_validate({"then": [{"note": "Seen"}]} | one) for one in RULES]
    part = Part(0, head, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))

    found = backtest(world.log, rules, part)

    assert {one.rule for one in found} == {one["rule"] for one in RULES}


def who(order_id: Any) -> dict[str, Any]:
    return {"command_id": uuid4(), "actor": actor(), "order_id": order_id}
