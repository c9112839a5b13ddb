"""The table of refusals says who tried what, when, and why not."""

from datetime import timedelta
from uuid import uuid4

from domain.orders import commands as c
from tests.integration.projections.world import World
from tests.support.examples import NOW, actor


def test_d2_a_refused_attempt_stands_in_the_table_with_every_reason(world: World) -> None:
    order_id = world.place()
    clerk = actor("user", "warehouse")
    (outcome,) = world.send(
        c.ChangeStatus(command_id=uuid4(), actor=clerk, order_id=order_id, to_status="cancelled")
    )
    world.catch_up()

    found = world.query(
        "select order_id, attempt, command, asked ->> 'to_status', codes, order_version, actor_id,"
        " test from analytics.refusals",
        role="orderpath_analyst",
    )
    codes = [unmet.code for unmet in outcome.unmet]
    assert len(codes) > 1
    assert found == [(order_id, 1, "order.change_status", "cancelled", codes, 1, clerk.id, False)]


def test_refused_attempts_change_no_other_table(world: World) -> None:
    order_id = world.place()
    world.catch_up()
    before = world.tables()
    world.send(
        c.ChangeStatus(command_id=uuid4(), actor=actor(), order_id=order_id, to_status="nowhere"),
        c.AddNote(command_id=uuid4(), actor=actor(), order_id=uuid4(), text="Nobody's"),
    )
    world.catch_up()

    after = world.tables()
    assert len(after.pop("refusals.refusals")) == 2
    assert before.pop("refusals.refusals") == []
    assert after == before


def test_d2_who_was_turned_away_is_one_row_that_counts_all_attempts(world: World) -> None:
    order_id = world.place()
    world.pipeline.flood.limit = 2
    nonsense = c.ChangeStatus(
        command_id=uuid4(), actor=actor(), order_id=order_id, to_status="nowhere"
    )
    world.send(*[nonsense] * 7)
    world.now += timedelta(minutes=1)
    world.send(nonsense)
    world.place()
    world.catch_up()

    found = world.query(
        "select order_id, times, tried_at, codes, actor_kind, actor_id, test"
        " from analytics.refusals order by tried_at, times",
        role="orderpath_analyst",
    )
    flood = (None, 5, NOW, ["too_many_refusals"], "user", "ann", False)
    assert [row[1] for row in found] == [1, 1, 5, 1]
    assert found[2] == flood
