"""D1: what the read models say of orders that were migrated."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.orders.commands import ChangeStatus
from domain.orders.migration import MigrateOrder
from domain.paths.commands import PublishPath
from tests.integration.projections.world import World
from tests.support.examples import NEXT_PATH, NOW, actor

VISITS = (
    "select status, stage, path_version, conforming, due_at from analytics.status_visits"
    " where order_id = %s order by visit_no"
)


@pytest.fixture
def order_id(world: World) -> UUID:
    """An order that was placed before the next version of its path was published."""
    placed = world.place()
    world.send(PublishPath(command_id=placed, actor=actor(), definition=NEXT_PATH))
    return placed


def migrate(world: World, order_id: UUID, **mapping: str) -> None:
    world.now += timedelta(minutes=1)
    told: dict[str, Any] = {"order_id": order_id, "path": "shop", "mapping": mapping}
    (outcome,) = world.send(
        MigrateOrder(command_id=order_id, actor=actor(), reason="New words", **told)
    )
    assert outcome.kind == "accepted", outcome.unmet


def test_d1_a_mapped_status_is_a_stay_of_its_own_that_no_path_forbids(
    world: World, order_id: UUID
) -> None:
    world.move(order_id, "confirmed")
    migrate(world, order_id, confirmed="accepted")
    migrated_at = world.now
    world.move(order_id, "packed")
    world.catch_up()

    assert world.query(VISITS, order_id) == [
        ("new", "intake", 1, True, NOW + timedelta(minutes=10)),
        ("confirmed", "work", 1, True, None),
        ("accepted", "work", 2, True, migrated_at + timedelta(days=1)),
        ("packed", "end", 2, True, None),
    ]
    assert world.query("select status, orders from analytics.funnel_now") == [("packed", 1)]
    assert world.query(
        "select distinct on (status) status, now from analytics.funnel_flow"
        " order by status, day desc"
    ) == [("accepted", 0), ("confirmed", 0), ("new", 0), ("packed", 1)]


def test_d1_an_order_that_stays_in_its_status_is_silent_for_as_long_as_before(
    world: World, order_id: UUID
) -> None:
    migrate(world, order_id)
    world.catch_up()

    assert world.query(VISITS, order_id) == [
        ("new", "intake", 1, True, NOW + timedelta(minutes=10))
    ]
    assert world.query("select last_at from analytics.stale_orders") == [(NOW,)]
    assert world.query("select path_version from analytics.orders") == [(2,)]


@pytest.mark.parametrize("batch_events", [1, 100])
def test_d1_moves_before_and_after_are_judged_by_the_version_of_their_time(
    world: World, order_id: UUID, batch_events: int
) -> None:
    world.follower(batch_events).catch_up()
    world.move(order_id, "confirmed", "packed")
    migrate(world, order_id)
    done = ChangeStatus(command_id=order_id, actor=actor(), order_id=order_id, to_status="done")
    world.send(done)
    world.follower(batch_events).catch_up()

    rows = world.query(VISITS, order_id)

    assert [(status, version, conforming) for status, _, version, conforming, _ in rows] == [
        ("new", 1, True), ("confirmed", 1, True), ("packed", 1, True), ("packed", 2, True),
        ("done", 2, True),
    ]  # fmt: skip
