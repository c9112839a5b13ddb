"""The table of deadlines holds what an order has to do by when, as long as it has to."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.migration import MigrateOrder
from domain.orders.order import Order
from domain.paths.commands import PublishPath
from tests.integration.projections.world import World
from tests.support.command_line import Processes
from tests.support.examples import NOW, actor, fact_id
from tests.unit.domain.orders.test_decide_deadlines import CLOCK, DUE, LATER, TWICE, WARN, path

ROWS = (
    "select level, due_at, state, passed_at from live.deadlines where order_id = %s"
    " order by due_at, level"
)
OPEN = [("warn", WARN, "open", None), ("due", DUE, "open", None)]
OPEN += [("escalate_200", TWICE, "open", None)]


@pytest.fixture
def shop(world: World) -> World:
    """A shop whose orders have two hours for the first status."""
    world.send(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
    return world


def rows(shop: World, order_id: UUID) -> list[Any]:
    shop.catch_up()
    return shop.query(ROWS, order_id)


def who(order_id: UUID, by: Actor | None = None) -> dict[str, Any]:
    return {"command_id": order_id, "actor": by or actor(), "order_id": order_id}


def passes(order_id: UUID, level: str, due_at: datetime) -> c.PassDeadline:
    return c.PassDeadline(**who(order_id, CLOCK), entered=1, level=level, due_at=due_at)


def snooze(order_id: UUID) -> c.SnoozeDeadline:
    return c.SnoozeDeadline(**who(order_id), until=LATER, reason="Call tomorrow")


def goes_to(order_id: UUID, status: str) -> c.ChangeStatus:
    return c.ChangeStatus(**who(order_id), to_status=status)


def told(order_id: UUID, at: datetime, number: int) -> c.RecordFacts:
    fact = c.StatusFact(fact_id=fact_id(number), occurred_at=at, status="free", rank=1)
    return c.RecordFacts(**who(order_id, actor("import")), path="shop", facts=(fact,))


def test_d8_an_order_has_one_row_for_each_level_of_its_limit(shop: World) -> None:
    order_id = shop.place()
    shop.send(c.AssignOwner(**who(order_id), user="ann", group="managers"))

    assert rows(shop, order_id) == OPEN
    assert shop.query(
        "select distinct path, status, entered, holder_user, holder_group, version"
        " from live.deadlines"
    ) == [("shop", "new", 1, "ann", "managers", 1)]


def test_d8_a_level_that_has_passed_stays_with_its_time_until_the_order_leaves(
    shop: World,
) -> None:
    order_id = shop.place()
    shop.now = DUE + timedelta(seconds=1)
    shop.send(passes(order_id, "due", DUE))

    assert rows(shop, order_id)[1] == ("due", DUE, "passed", shop.now)

    shop.send(goes_to(order_id, "free"))

    assert rows(shop, order_id) == []


def test_d8_a_limit_that_is_put_off_moves_its_rows(shop: World) -> None:
    order_id = shop.place()
    shop.send(snooze(order_id))

    assert rows(shop, order_id) == [
        ("due", LATER, "open", None),
        ("escalate_200", LATER + timedelta(hours=2), "open", None),
    ]


def test_d8_while_the_clock_is_paused_there_is_no_row(shop: World) -> None:
    order_id = shop.place()
    shop.now = WARN
    shop.send(passes(order_id, "warn", WARN), goes_to(order_id, "waiting"))
    assert rows(shop, order_id) == []

    shop.now = LATER
    shop.send(goes_to(order_id, "new"))

    assert rows(shop, order_id) == [
        ("warn", LATER, "passed", WARN),
        ("due", LATER + timedelta(hours=1), "open", None),
        ("escalate_200", LATER + timedelta(hours=3), "open", None),
    ]


def test_a_fact_that_moved_the_order_on_ends_the_limit_until_it_is_annulled(shop: World) -> None:
    order_id = shop.place()
    shop.now += timedelta(minutes=30)
    shop.send(told(order_id, NOW - timedelta(days=1), 1))
    assert rows(shop, order_id) == OPEN

    shop.send(told(order_id, shop.now, 2))
    assert rows(shop, order_id) == []

    shop.send(c.CorrectFact(**who(order_id), version=3, reason="Of another order"))
    assert rows(shop, order_id) == OPEN


def test_d1_a_migrated_order_has_the_limit_that_it_was_given(shop: World) -> None:
    order_id = shop.place()
    shop.send(
        PublishPath(command_id=uuid4(), actor=actor(), definition=path({"wall": "1d"})),
        MigrateOrder(**who(order_id), path="shop", reason="More time"),
    )
    assert rows(shop, order_id) == OPEN

    shop.send(
        PublishPath(command_id=uuid4(), actor=actor(), definition=path({"wall": "10h"})),
        MigrateOrder(**who(order_id), path="shop", mapping={"new": "new"}, reason="Now"),
    )
    assert rows(shop, order_id)[1] == ("due", NOW + timedelta(hours=10), "open", None)


def test_the_rows_are_those_of_the_aggregate_whatever_happened_and_however_it_came(
    shop: World,
) -> None:
    """Every way through a limit, one event a batch, all at once, and rebuilt."""
    orders = [shop.place() for _ in range(4)]
    shop.send(told(orders[0], NOW + timedelta(minutes=1), 1))
    shop.now = WARN
    for order_id in orders[1:]:
        shop.send(passes(order_id, "warn", WARN))
    shop.send(goes_to(orders[1], "waiting"), goes_to(orders[2], "free"), snooze(orders[3]))
    shop.now = LATER
    shop.send(goes_to(orders[1], "new"), passes(orders[3], "due", LATER))
    shop.follower(batch_events=1).catch_up()

    found = shop.query("select order_id, level, due_at, state from live.deadlines order by 1, 3, 2")
    live = shop.tables()["deadlines.deadlines"]
    shop.models.rebuild("deadlines")

    assert found == [row for order_id in orders for row in expected(shop, order_id)]
    assert shop.tables()["deadlines.deadlines"] == live


def expected(shop: World, order_id: UUID) -> list[tuple[UUID, str, datetime, str]]:
    order = Order()
    stream = f"order-{order_id}"
    for recorded in shop.pipeline_log.load({stream: 0})[stream]:
        order = order.evolve(recorded)
    limit = order.limit
    if order.timeline[-1].version != limit.entered:
        return []
    return sorted(
        (
            (order_id, one.level, one.at, "open" if one in limit.open else "passed")
            for one in limit.deadlines
        ),
        key=lambda row: (row[2], row[1]),
    )


def test_p10_p11_the_overdue_say_who_what_since_when_and_how_far_it_went(shop: World) -> None:
    early, late = shop.place(), shop.place(test=True)
    shop.send(c.AssignOwner(**who(early), user="ann", group="managers"))
    shop.now = DUE
    shop.send(passes(early, "due", DUE), passes(late, "due", DUE))
    shop.catch_up()

    assert shop.query(
        "select order_id, path, status, overdue_since, overdue_seconds > 0, level, holder_user,"
        " holder_group, told_at from analytics.overdue"
    ) == [(early, "shop", "new", DUE, True, "escalate_200", "ann", "managers", DUE)]


def test_p2_who_is_not_late_yet_is_not_overdue(shop: World) -> None:
    shop.now = datetime.now().astimezone() - timedelta(minutes=90)
    shop.place()
    shop.catch_up()

    assert shop.query("select level from analytics.overdue") == []


def test_d12_every_process_writes_the_same_rows(shop: World, tmp_path: Path) -> None:
    """Python gives sets another order in each process: a seed of its own for each of these."""
    order_id = shop.place()
    levels = {"warn": WARN, "due": DUE, "escalate_200": TWICE}
    for shop.now in levels.values():
        shop.send(*(passes(order_id, one, at) for one, at in levels.items() if at == shop.now))
    here = {"ORDERPATH_DATABASE_URL": shop.url, "ORDERPATH_DATA_DIR": str(tmp_path)}
    words = ("projection", "rebuild", "deadlines")
    assert Processes(here | {"PYTHONHASHSEED": "0"}).run(*words).code == 0

    for seed in ("1", "2", "3"):
        said = Processes(here | {"PYTHONHASHSEED": seed}).run("projection", "verify", "deadlines")
        assert said.code == 0, said.out
