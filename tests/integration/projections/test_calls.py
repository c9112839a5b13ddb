"""Calls, upselling and handling by person: what the head of a call centre looks at."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.messages import Actor
from domain.orders import commands as c
from tests.integration.projections.laws import assert_tables_follow_from_the_log, in_pieces
from tests.integration.projections.world import World
from tests.support.examples import CUP, NOW, TEA, actor

ANALYST = "orderpath_analyst"
TELEPHONY = actor("api_key")


def person(name: str) -> Actor:
    return Actor(kind="user", id=name, roles=("warehouse",))


def ask(kind: type[Any], order_id: UUID, who: Actor, **body: Any) -> Any:
    return kind(command_id=uuid4(), actor=who, order_id=order_id, **body)


def a_morning(world: World) -> tuple[UUID, UUID]:
    """Ann and Bob call, sell a cup, and hand orders on; the telephony tells of what it saw."""
    first, second = world.place(), world.place(lines=[TEA, CUP])
    ann, bob = person("ann"), person("bob")
    world.send(
        ask(c.AssignOwner, first, ann, user="ann", group="managers"),
        ask(c.LogCall, first, ann, result="no_answer"),
        ask(c.LogCall, first, ann, result="reached", talk_seconds=90),
        ask(c.LogCall, first, TELEPHONY, direction="incoming", result="reached", talk_seconds=30,
            operator="ann"),
        ask(c.LogCall, second, TELEPHONY, direction="incoming", result="no_answer"),
        ask(c.AddItem, first, ann, line=CUP),
        ask(c.LogCall, second, bob, result="busy"),
    )  # fmt: skip
    world.now += timedelta(seconds=40)
    world.send(
        ask(c.ChangeStatus, first, ann, to_status="confirmed"),
        ask(c.ChangeStatus, second, bob, to_status="confirmed"),
    )
    return first, second


def figures(world: World, columns: str) -> list[Any]:
    return world.query(
        f"select {columns} from analytics.operator_figures order by operator",  # noqa: S608 - our own words
        role=ANALYST,
    )


def test_p24_the_figures_of_a_call_centre_are_told_by_operator_and_day(world: World) -> None:
    a_morning(world)
    world.catch_up()

    assert figures(
        world, "day, operator, currency, calls, dialled, reached, dial_success, talk_seconds"
    ) == [
        (NOW.date(), "ann", "EUR", 3, 2, 1, 0.5, 120),
        (NOW.date(), "bob", "EUR", 1, 1, 0, 0.0, 0),
    ]


def test_p24_what_was_upsold_counts_for_whoever_added_it(world: World) -> None:
    a_morning(world)
    world.catch_up()

    # The second cup came with the order, which ann took down.
    assert figures(world, "operator, upsells, upsell_minor") == [
        ("ann", 2, 2 * 1_250),
        ("bob", 0, 0),
    ]


def test_p24_an_upsell_is_worth_what_is_charged_of_it_now(world: World) -> None:
    first, second = a_morning(world)
    world.send(
        ask(c.CancelItem, first, person("ann"), item_id=CUP.item_id, reason_code="changed_mind")
    )
    world.move(second, "cancelled")
    world.catch_up()

    assert figures(world, "operator, upsells, upsell_minor")[0] == ("ann", 2, 0)


def test_p32_handling_is_counted_for_whoever_hands_the_order_on(world: World) -> None:
    a_morning(world)
    world.catch_up()

    columns = "operator, orders_handled, handled, handling_seconds"
    assert figures(world, columns) == [("ann", 1, 1, 40.0), ("bob", 1, 1, 40.0)]
    assert world.query(
        "select operator, role, status, handling_seconds from analytics.handled_stays order by 1",
        role=ANALYST,
    ) == [("ann", "managers", "new", 40.0), ("bob", "managers", "new", 40.0)]


def test_p24_a_call_that_nobody_answered_is_nobodys(world: World) -> None:
    a_morning(world)
    world.catch_up()

    assert world.query(
        "select operator, direction, told from analytics.calls where result = 'no_answer'"
        " order by direction",
        role=ANALYST,
    ) == [(None, "incoming", True), ("ann", "outgoing", False)]


def test_p24_calls_about_test_orders_count_nowhere(world: World) -> None:
    first, second = a_morning(world)
    world.send(*(ask(c.MarkTest, order_id, actor()) for order_id in (first, second)))
    world.catch_up()

    assert figures(world, "*") == []
    assert world.query("select * from analytics.calls") == []


def test_p24_an_upsold_item_that_was_told_wrongly_is_no_upsell(world: World) -> None:
    order_id = world.place()
    fact = c.ItemFact(fact_id=UUID(int=5), occurred_at=NOW, line=CUP)
    body: dict[str, Any] = {"command_id": uuid4(), "actor": TELEPHONY, "order_id": order_id}
    world.send(
        c.RecordFacts(**body, path="shop", facts=(fact,)),
        c.CorrectFact(**body, version=2, reason="Another order's"),
        ask(c.AddItem, order_id, person("bob"), line=CUP),
    )
    world.catch_up()

    assert figures(world, "operator, upsells, upsell_minor") == [("bob", 1, 1_250)]


@in_pieces
def test_d12_in_whatever_pieces_again_and_rebuilt_the_tables_are_the_same(
    world: World, batch_events: int
) -> None:
    a_morning(world)
    world.follower(batch_events).catch_up()

    assert_tables_follow_from_the_log(world, "calls")
