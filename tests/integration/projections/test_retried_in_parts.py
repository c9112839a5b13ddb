"""What stands before an event that cannot be taken is applied, and what is gone is waited for: when
all of it is mended, each event has been applied once.
"""

from collections.abc import Iterator

import pytest

from infra.postgres import connect
from projections.catalog import BY_NAME
from tests.integration.projections.world import Stubborn, World, open_world

ORDERS, VERSIONS = 3, 4
MODELS = ("activity", "orders")  # The first has a row for each event.
_KEEP = "insert into public.kept select * from log.events where stream_id = %s and version = %s"
_SPOIL = "update log.events set payload = '{\"nope\": 1}' where stream_id = %s and version = %s"
_DELETE = "delete from log.events where stream_id = %s and version = %s"
_BRING_BACK = (
    "insert into log.events select * from public.kept where stream_id = %s and version = %s"
)

Place = tuple[str, int]  # stream id, version
Faults = dict[tuple[int, int], str]  # (number of the order, version) -> how it is damaged


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        with connect(opened.url) as owner:
            owner.execute("create table public.kept (like log.events)")
            owner.execute("alter table log.events disable trigger user")
        yield opened


def run(world: World, place: Place, *statements: str) -> None:
    with connect(world.url) as owner, owner.transaction():
        for one in statements:
            owner.execute(one.encode(), place)


def spoil(world: World, place: Place) -> None:
    run(world, place, _KEEP, _SPOIL)


def lose(world: World, place: Place) -> None:
    run(world, place, _KEEP, _DELETE)


def mend(world: World, place: Place) -> None:
    run(world, place, _DELETE, _BRING_BACK)


def three_moves(world: World) -> str:
    """Give the stream of an order with three events."""
    order_id = world.place()
    world.move(order_id, "confirmed", "cancelled")
    return f"order-{order_id}"


def where_parked(world: World) -> set[tuple[str, int, int]]:
    """Give each place once where a stream is parked, with how many wait."""
    return {(one.stream_id, one.version, one.waiting) for one in world.models.list_parked()}


def differing(world: World) -> dict[str, tuple[str, ...]]:
    found = {name: world.models.verify(name).differing for name in BY_NAME}
    return {name: tables for name, tables in found.items() if tables}


def test_two_damages_of_an_order_are_mended_one_after_the_other(world: World) -> None:
    stream = three_moves(world)
    spoil(world, (stream, 1))
    spoil(world, (stream, 3))
    world.catch_up()
    assert where_parked(world) == {(stream, 1, 3)}

    mend(world, (stream, 1))
    assert world.models.retry()[0] == 0
    assert where_parked(world) == {(stream, 3, 1)}

    mend(world, (stream, 3))
    assert world.models.retry()[1] == 0
    assert differing(world) == {}


def test_what_stands_before_damage_is_applied_where_another_order_of_the_batch_is_poison(
    world: World,
) -> None:
    poison, spoilt = f"order-{world.place()}", three_moves(world)
    spoil(world, (spoilt, 2))
    model = Stubborn(BY_NAME["orders"])
    model.poisoned.add((poison, 1))
    projector = world.projector(projections={**BY_NAME, "orders": model})

    projector.apply(world.deliveries(0, world.log.head().position))

    shown = {f"order-{row['order_id']}" for row in world.tables()["orders.orders"]}
    assert shown == {spoilt}
    assert where_parked(world) == {(poison, 1, 1), (spoilt, 2, 2)}
    mend(world, (spoilt, 2))
    assert world.models.retry()[1] == 0
    assert differing(world) == {}


def test_an_order_that_is_parked_at_poison_is_not_parked_anew_at_damage_behind_it(
    world: World,
) -> None:
    stream = three_moves(world)
    spoil(world, (stream, 3))
    model = Stubborn(BY_NAME["activity"])
    model.poisoned.add((stream, 2))
    projector = world.projector(projections={"activity": model})

    projector.apply(world.deliveries(0, world.log.head().position))

    assert where_parked(world) == {(stream, 2, 2)}
