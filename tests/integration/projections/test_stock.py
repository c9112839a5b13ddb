"""What lies where and what is kept for whom, as readers see it; each event counts once."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from domain.messages import Command
from domain.orders import commands as orders
from domain.stock import commands as c
from domain.stock.decide import commit, keep, release, reserve, restock
from domain.stock.stock import ItemRef
from infra.postgres import connect
from projections.reports.stock import stock_now
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import NOW, actor
from tests.support.stock_room import StockRoom

ONE, TWO = UUID(int=1), UUID(int=2)
UNTIL = NOW + timedelta(hours=1)
LEVELS = (
    "select sku, location, on_hand, reserved, available, short, threshold, below_since"
    " from analytics.stock_levels order by sku, location"
)
RESERVATIONS = (
    "select order_id, item_id, sku, location, quantity, reserved_at, expires_at, state"
    " from analytics.reservations order by order_id, item_id, location"
)


def to(kind: type[Command], sku: str = "TEA-100", **body: Any) -> Command:
    return kind.model_validate({"command_id": uuid4(), "actor": actor(), "sku": sku, **body})


def some_days(world: World) -> StockRoom:
    """Goods come in, are reserved for two orders, leave, come back, and are counted."""
    main = StockRoom(world.pipeline_log)
    supplier = StockRoom(world.pipeline_log, location="supplier_a")
    world.send(to(c.ReceiveStock, quantity=10), to(c.SetThreshold, threshold=5))
    world.send(to(c.ReceiveStock, quantity=4, location="supplier_a"))
    assert not main.ask(reserve, ItemRef(ONE, "1"), 4, UNTIL, now=NOW)
    assert not main.ask(reserve, ItemRef(TWO, "1"), 3, UNTIL, now=NOW)
    assert not supplier.ask(reserve, ItemRef(ONE, "1"), 1, None, now=NOW)
    assert not main.ask(commit, ItemRef(ONE, "1"), 3, now=NOW)
    assert not main.ask(release, ItemRef(ONE, "1"), 1, "shortened", now=NOW)
    assert not main.ask(keep, ItemRef(TWO, "1"), None, now=NOW)
    assert not supplier.ask(release, ItemRef(ONE, "1"), 1, "moved", now=NOW)
    assert not main.ask(restock, ItemRef(ONE, "1"), 1, now=NOW)
    world.send(to(c.AdjustStock, counted=2, reason_code="counted"))
    return main


def test_v6_v13_balances_are_visible(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(LEVELS, role="orderpath_analyst") == [
        ("TEA-100", "main", 2, 3, 0, 1, 5, NOW),
        ("TEA-100", "supplier_a", 4, 0, 4, 0, None, None),
    ]


def test_d7_reservations_are_told_by_order_item_and_location(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(RESERVATIONS, role="orderpath_analyst") == [
        (ONE, "1", "TEA-100", "main", 0, NOW, UNTIL, "committed"),
        (ONE, "1", "TEA-100", "supplier_a", 0, NOW, None, "released"),
        (TWO, "1", "TEA-100", "main", 3, NOW, None, "reserved"),
    ]
    assert world.query(
        "select location, committed, released, why from analytics.reservations"
        " where order_id = %s order by location",
        ONE,
    ) == [("main", 3, 1, "shortened"), ("supplier_a", 0, 1, "moved")]


def test_d7_what_is_reserved_is_the_sum_of_the_reservations(world: World) -> None:
    some_days(world)
    world.catch_up()

    assert world.query(
        "select l.location, l.reserved, sum(r.quantity) from live.stock_levels l"
        " join live.reservations r using (sku, location) group by 1, 2 order by 1"
    ) == [("main", 3, 3), ("supplier_a", 0, 0)]


def test_what_is_reserved_again_is_kept_from_then_on(world: World) -> None:
    world.send(to(c.ReceiveStock, quantity=2))
    room = StockRoom(world.pipeline_log)
    later = NOW + timedelta(days=1)
    room.ask(reserve, ItemRef(ONE, "1"), 1, UNTIL, now=NOW)
    room.ask(release, ItemRef(ONE, "1"), 1, "cancelled", now=NOW)
    world.catch_up()
    room.ask(reserve, ItemRef(ONE, "1"), 2, None, now=later)
    world.catch_up()

    assert world.query(RESERVATIONS) == [(ONE, "1", "TEA-100", "main", 2, later, None, "reserved")]


def test_the_question_of_what_lies_where_has_a_limit(world: World) -> None:
    some_days(world)
    world.catch_up()
    with (
        connect(world.url, role="orderpath_analyst") as connection,
        connection.cursor(row_factory=dict_row) as reader,
    ):
        found = stock_now(reader, limit=1)

        assert [level["location"] for level in found["levels"]] == ["main"]
        assert [(one["order_id"], one["quantity"]) for one in found["reservations"]] == [(TWO, 3)]
        with pytest.raises(ValueError, match="limit must be in"):
            stock_now(reader, limit=0)


def test_reservations_of_test_orders_are_left_out(world: World) -> None:
    world.send(to(c.ReceiveStock, quantity=9))
    room = StockRoom(world.pipeline_log)
    for order_id in (world.place(), world.place(test=True)):
        room.ask(reserve, ItemRef(order_id, "1"), 1, None, now=NOW)
    shown = world.place()
    room.ask(reserve, ItemRef(shown, "1"), 1, None, now=NOW)
    world.send(orders.MarkTest(command_id=uuid4(), actor=actor(), order_id=shown, test=True))
    world.catch_up()

    assert world.query("select count(*) from analytics.reservations") == [(1,)]
    assert world.query("select reserved from analytics.stock_levels") == [(3,)]


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    for _ in range(3):
        some_days(world)
        world.send(to(c.ReceiveStock, quantity=9))
        world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "stock_levels", "reservations")


def test_the_longest_names_there_can_be_have_their_stock(world: World) -> None:
    sku, item_id, location = "𝄞" * 200, "é\n" * 100, "z" * 64
    (outcome,) = world.send(to(c.ReceiveStock, sku, quantity=5, location=location))
    room = StockRoom(world.pipeline_log, sku, location)
    assert not room.ask(reserve, ItemRef(ONE, item_id), 2, None, now=NOW)
    world.catch_up()

    assert outcome.kind == "accepted"
    assert world.query(LEVELS) == [(sku, location, 5, 2, 3, 0, None, None)]
    assert world.query(RESERVATIONS)[0][:5] == (ONE, item_id, sku, location, 2)
