"""One row per order and its money: the same wherever the batches of a follower begin and end."""

from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from domain.messages import Command
from domain.orders import commands as c
from domain.orders.money import Line
from infra.postgres import connect
from tests.integration.projections.world import World
from tests.support.examples import NOW, TEA, actor, fact_id

in_batches_of = pytest.mark.parametrize("batch_events", [1, 2_000])
YESTERDAY = NOW - timedelta(days=1)
ORDER_ID = UUID(int=17)
SHIPPED = c.StatusFact(fact_id=fact_id(1), occurred_at=YESTERDAY, status="packed", rank=2)
PLACED = c.PlacedFact(fact_id=fact_id(2), occurred_at=NOW, status="new", currency="EUR")
PLACED_EARLIER = PLACED.model_copy(update={"fact_id": fact_id(3), "occurred_at": YESTERDAY})
PAID = c.PaymentFact(
    fact_id=fact_id(4), occurred_at=NOW, movement="charged", payment_id="p", amount_minor=5,
    currency="EUR",
)  # fmt: skip


def recorded(*facts: c.Fact) -> Command:
    """Record facts from a file of its own."""
    return c.RecordFacts(
        command_id=uuid4(), actor=actor("import"), order_id=ORDER_ID, path="shop", facts=facts
    )


@in_batches_of
@pytest.mark.parametrize(
    "commands",
    [
        [recorded(PLACED)],
        [recorded(SHIPPED, PLACED)],
        [recorded(PLACED), recorded(PLACED_EARLIER)],
        [recorded(PAID), recorded(PLACED_EARLIER), recorded(SHIPPED)],
    ],
    ids=["placed", "shipped before placed", "placed in two files", "paid first"],
)
def test_an_order_is_known_since_its_first_event_whatever_that_tells(
    world: World, commands: list[Command], batch_events: int
) -> None:
    for command in commands:
        world.now += timedelta(minutes=1)
        world.send(command)
    world.follower(batch_events).catch_up()

    (first, *_) = world.query(
        "select position, recorded_at from log.events where stream_id = %s order by version",
        f"order-{ORDER_ID}",
    )
    assert world.query("select position, recorded_at from live.orders") == [first]
    assert world.query("select first_recorded_at from analytics.orders") == [first[1:]]


@in_batches_of
def test_a_discount_is_shared_out_the_same_wherever_a_batch_ends(
    world: World, batch_events: int
) -> None:
    order_id = world.place(
        lines=[line("2", 8, 1_000), line("1", 16, 2_000)], discount_minor=8, vat_included=False
    )
    late = c.ItemFact(fact_id=fact_id(1), occurred_at=NOW, line=line("3", 0, 0))
    world.send(
        c.RecordFacts(
            command_id=uuid4(), actor=actor("import"), order_id=order_id, path="shop", facts=(late,)
        )
    )

    world.follower(batch_events).catch_up()

    assert world.query("select vat_minor, total_minor from analytics.orders") == [(2, 18)]


def test_what_the_lines_cost_as_placed_is_written_with_the_placement_and_never_again(
    world: World,
) -> None:
    lines = [line("1", 8, 1_000), line("2", 16, 2_000)]
    order_id = world.place(lines=lines, discount_minor=6)
    world.place(lines=lines)  # Nothing is off this one.
    world.catch_up()
    nets = "select placed_nets from live.order_totals order by order_id"
    assert world.query(nets) == [({"1": 8, "2": 16},), (None,)]

    ((schema,),) = world.query("select schemaname from pg_tables where tablename = 'order_totals'")
    with connect(world.url, role="orderpath_projector") as connection:
        connection.execute(sql.SQL(REFUSED_TO_BE_WRITTEN).format(schema=sql.Identifier(schema)))
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "order_id": order_id}
    told = c.ItemFact(fact_id=fact_id(1), occurred_at=NOW, line=line("3", 0, 0))
    world.send(
        c.CancelItem(**who, item_id="2", reason_code="out_of_stock"),
        c.RecordFacts(**who | {"actor": actor("import")}, path="shop", facts=(told,)),
    )
    world.catch_up()

    assert world.query(nets) == [({"1": 8, "2": 16},), (None,)]
    discount = "select discount_minor from live.order_totals where order_id = %s"
    assert world.query(discount, order_id) == [(2,)]  # A third of the goods is left.


REFUSED_TO_BE_WRITTEN: Final[LiteralString] = """
    create function {schema}.refuse() returns trigger language plpgsql
        as $$ begin raise exception 'it is written again'; end $$;
    create trigger again before update of placed_nets on {schema}.order_totals
        for each row execute function {schema}.refuse();
"""


def line(item_id: str, price: int, vat_bp: int) -> Line:
    changes: dict[str, Any] = {"item_id": item_id, "quantity": 1, "discount_minor": 0}
    return TEA.model_copy(update=changes | {"unit_price_minor": price, "vat_bp": vat_bp})


ITEM = c.ItemFact(fact_id=fact_id(5), occurred_at=YESTERDAY, line=TEA, currency="EUR")
ITEM_LATER = c.ItemFact(
    fact_id=fact_id(6), occurred_at=NOW, line=TEA.model_copy(update={"quantity": 5})
)
FIRST = PLACED_EARLIER.model_copy(update={"external_id": "A-17", "currency": "USD"})
IN_USD = PAID.model_copy(update={"fact_id": fact_id(8), "currency": "USD"})
IN_YEN = c.ItemFact(fact_id=fact_id(9), occurred_at=NOW, line=line("2", 9, 0), currency="JPY")


def annulled(version: int) -> Command:
    return c.CorrectFact(
        command_id=uuid4(), actor=actor(), order_id=ORDER_ID, version=version, reason="Wrong"
    )


@in_batches_of
def test_an_order_of_which_only_payments_are_known_has_the_number_and_customer_that_they_tell(
    world: World, batch_events: int
) -> None:
    told = {"external_id": "A-17", "customer_id": "c-1", "actor": "bob", "reason_code": "rounding"}
    world.send(recorded(PAID, IN_USD.model_copy(update=told)))
    world.follower(batch_events).catch_up()

    shown = "select external_id, customer_id, path, status from analytics.orders"
    assert world.query(shown) == [("A-17", "c-1", None, None)]
    booked = "select actor_id, reason_code from live.ledger_entries order by currency"
    assert world.query(booked) == [("the-import", None), ("bob", "rounding")]


@pytest.mark.parametrize(
    ("commands", "currency"),
    [
        ([recorded(PAID)], "EUR"),
        ([recorded(IN_USD), recorded(PAID)], None),
        ([recorded(IN_USD), recorded(PAID), annulled(1)], "EUR"),
        ([recorded(PAID), annulled(1)], None),
        ([recorded(ITEM, IN_YEN), recorded(PAID)], None),
    ],
    ids=["paid", "in two", "one annulled", "all annulled", "items differ"],
)
def test_until_an_order_is_placed_its_items_or_else_its_payments_say_its_currency(
    world: World, commands: list[Command], currency: str | None
) -> None:
    world.send(*commands)
    world.catch_up()

    assert world.query("select currency from analytics.orders") == [(currency,)]


@in_batches_of
def test_d5_an_annulled_placement_gives_way_to_the_next_and_the_number_still_finds_the_order(
    world: World, batch_events: int
) -> None:
    shown = "select external_id, currency, placed_at, status, visits from analytics.orders"
    world.send(recorded(FIRST, PLACED))
    known = world.query("select max(recorded_at) from log.events")[0][0]

    world.send(annulled(1))
    world.follower(batch_events).catch_up()
    assert world.query(shown) == [("A-17", "EUR", NOW, "new", 1)]

    world.send(annulled(2))
    world.follower(batch_events).catch_up()
    assert world.query(shown) == [("A-17", None, None, None, None)]
    assert world.query("select count(*) from live.placements") == [(0,)]
    then = "select count(*) from analytics.status_visits_at('infinity', %s)"
    assert world.query(then, known) == [(2,)]


@in_batches_of
def test_d5_an_annulled_item_is_in_no_table_and_in_no_total(
    world: World, batch_events: int
) -> None:
    shown = "select i.item_id, i.quantity, t.total_minor from live.items i join live.order_totals t"
    shown += " using (order_id)"
    world.send(recorded(PLACED, ITEM, ITEM_LATER))
    world.follower(batch_events).catch_up()
    assert world.query(shown) == [("1", 5, 2_400)]

    world.send(annulled(3))
    world.follower(batch_events).catch_up()
    assert world.query(shown) == [("1", 3, 1_400)]

    world.send(annulled(1))
    world.follower(batch_events).catch_up()
    assert world.query(shown) == []
    assert world.query("select items, total_minor from analytics.orders") == [(0, 0)]


@in_batches_of
def test_d5_a_fact_about_an_item_of_ours_gives_way_to_what_was_decided(
    world: World, batch_events: int
) -> None:
    order_id = world.place()
    world.now += timedelta(minutes=1)
    who: dict[str, Any] = {"command_id": uuid4(), "actor": actor(), "order_id": order_id}
    move = {"quantity": 2, "from_status": "ordered", "to_status": "reserved"}
    later = c.ItemFact(fact_id=fact_id(7), occurred_at=world.now, line=line("1", 9, 0))
    told = c.RecordFacts(**who | {"actor": actor("import")}, path="shop", facts=(later,))
    for command in (
        told,
        c.ChangeItem(**who, item_id="1", quantity=4),
        c.MoveItem(**who, item_id="1", **move),
        c.CorrectFact(**who, version=2, reason="Wrong"),
    ):
        assert world.send(command)[0].kind == "accepted"

    world.follower(batch_events).catch_up()

    shown = "select quantity, pieces, unit_price_minor, before from live.items"
    assert world.query(shown) == [(4, {"ordered": 2, "reserved": 2}, 9, None)]
    assert world.query("select count(*) from live.tellings") == [(0,)]


def test_d5_any_slice_with_corrections_delivered_twice_changes_no_row(world: World) -> None:
    told = [recorded(ITEM, PLACED), recorded(FIRST, ITEM_LATER, SHIPPED)]
    outcomes = world.send(told[0], annulled(1), told[1], annulled(2), annulled(4))
    assert {outcome.kind for outcome in outcomes} == {"accepted"}
    world.catch_up()
    before, end = world.tables(), world.log.head().position

    for first in range(end):
        assert world.projector().apply(world.deliveries(first, end)) == 0

    assert world.tables() == before


def test_of_decisions_nothing_is_kept_that_could_be_annulled(world: World) -> None:
    world.place()
    world.catch_up()

    tables = world.tables()

    assert [len(tables[name]) for name in ("orders.placements", "items.tellings")] == [0, 0]
    assert [row["before"] for row in tables["items.items"]] == [None]
