"""What stands before an event that cannot be taken is applied, and what is gone is waited for: when
all of it is mended, each event has been applied once.
"""

from collections.abc import Iterator, Sequence
from random import Random
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.orders.commands import AddNote
from infra.postgres import connect
from projections.catalog import BY_NAME
from projections.parking import Parked
from services.follower import Follower
from services.projector import Projector
from services.read_models import ReadModels
from tests.integration.projections.world import Stubborn, World, open_world
from tests.support.examples import actor

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


def retry_once(world: World, asked: Sequence[Parked]) -> set[bool]:
    return {
        Projector(world.lend, world.log, driver=None, build=one.build).retry(one) for one in asked
    }


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


@pytest.mark.parametrize("gone", [2, 3])
def test_retry_stops_at_what_is_gone_and_goes_on_once_it_is_back(world: World, gone: int) -> None:
    stream = three_moves(world)
    spoil(world, (stream, 1))
    world.catch_up()
    mend(world, (stream, 1))
    lose(world, (stream, gone))

    for _ in range(2):
        assert world.models.retry()[0] == 0
        assert where_parked(world) == {(stream, gone, 4 - gone)}
    missing = f"Version {gone} of {stream} is missing from the log"
    assert all(one.error.startswith(missing) for one in world.models.list_parked())

    mend(world, (stream, gone))
    assert world.models.retry()[1] == 0
    assert differing(world) == {}


def test_retry_counts_what_came_behind_a_parked_event_that_is_gone(world: World) -> None:
    order_id = world.place()
    stream = f"order-{order_id}"
    spoil(world, (stream, 1))
    world.catch_up()
    asked = world.models.list_parked()
    world.move(order_id, "confirmed")
    world.catch_up()
    run(world, (stream, 1), _DELETE)

    assert retry_once(world, asked) == {False}

    assert where_parked(world) == {(stream, 1, 2)}


def test_a_second_retry_with_an_older_list_applies_nothing_twice(world: World) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed")
    stream = f"order-{order_id}"
    spoil(world, (stream, 1))
    world.catch_up()
    asked = world.models.list_parked()
    mend(world, (stream, 1))
    world.models.retry()
    world.move(order_id, "cancelled")
    spoil(world, (stream, 3))
    world.catch_up()
    mend(world, (stream, 3))

    assert retry_once(world, asked) == {False}  # It is still parked, if elsewhere.

    assert where_parked(world) == {(stream, 3, 1)}
    assert world.models.retry()[1] == 0
    assert differing(world) == {}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    faults=st.dictionaries(
        st.tuples(st.integers(0, ORDERS - 1), st.integers(1, VERSIONS)),
        st.sampled_from(["spoilt", "poison", "gone"]),
        max_size=8,
    ),
    batch_events=st.integers(1, ORDERS * VERSIONS),
    order=st.randoms(use_true_random=False),
)
def test_wherever_events_cannot_be_taken_each_is_applied_once_when_all_are_mended(
    world: World, faults: Faults, batch_events: int, order: Random
) -> None:
    streams = placed_with_notes(world)
    model = Stubborn(BY_NAME[MODELS[0]])
    projections = {name: BY_NAME[name] for name in MODELS} | {MODELS[0]: model}
    models = ReadModels(world.lend, world.log, projections=projections)
    places = [((streams[number], version), how) for (number, version), how in faults.items()]
    model.poisoned = {place for place, how in places if how == "poison"}
    for place in (place for place, how in places if how == "spoilt"):
        spoil(world, place)
    projector = world.projector(projections=projections)
    Follower(projector, world.log, batch_events=batch_events).catch_up()
    for place in (place for place, how in places if how == "gone"):
        lose(world, place)

    order.shuffle(places)
    for place, how in places:
        if how == "poison":
            model.poisoned.remove(place)
        else:
            mend(world, place)
        models.retry()

    assert models.list_parked() == []
    assert [models.verify(name).differing for name in MODELS] == [(), ()]
    assert len(world.tables()["activity.activity"]) == world.order_events()


def placed_with_notes(world: World) -> list[str]:
    """Place some orders, then write notes to one after the other."""
    orders = [world.place() for _ in range(ORDERS)]
    for number in range(VERSIONS - 1):
        for order_id in orders:
            text = f"Note {number}"
            world.send(AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text=text))
    return [f"order-{order_id}" for order_id in orders]
