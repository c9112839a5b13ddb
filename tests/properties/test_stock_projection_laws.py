"""The read models of stocks say what the aggregates say, in whatever pieces the events come."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.messages import Command
from domain.stock import commands as c
from domain.stock.decide import commit, keep, release, reserve, restock
from domain.stock.stock import ItemRef
from tests.integration.projections.world import World, open_world
from tests.support.examples import NOW, actor
from tests.support.stock_room import StockRoom

EXAMPLES = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
LOCATIONS = ("main", "supplier_a")

numbers = count(1)
items = st.builds(
    ItemRef, st.integers(1, 3).map(lambda number: UUID(int=number)), st.sampled_from("12")
)
pieces = st.integers(1, 5)
moments = st.one_of(
    st.none(), st.integers(0, 9).map(lambda minutes: NOW + timedelta(minutes=minutes))
)
reasons = st.sampled_from(["cancelled", "expired", "moved", "shortened"])
commands: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just(c.ReceiveStock), st.fixed_dictionaries({"quantity": pieces})),
    st.tuples(
        st.just(c.AdjustStock),
        st.fixed_dictionaries({"counted": st.integers(0, 9), "reason_code": st.just("counted")}),
    ),
    st.tuples(
        st.just(c.SetThreshold),
        st.fixed_dictionaries({"threshold": st.one_of(st.none(), st.integers(0, 6))}),
    ),
)
questions: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just(reserve), items, pieces, moments),
    st.tuples(st.just(reserve), items, pieces, moments),
    st.tuples(st.just(keep), items, moments),
    st.tuples(st.just(release), items, pieces, reasons),
    st.tuples(st.just(commit), items, pieces),
    st.tuples(st.just(restock), items, pieces),
)
steps = st.tuples(st.sampled_from(LOCATIONS), st.one_of(commands, questions, questions))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@EXAMPLES
@given(script=st.lists(steps, max_size=30), batch_events=st.integers(1, 9))
def test_d7_the_read_models_say_what_the_aggregates_say(
    world: World, script: list[tuple[str, tuple[Any, ...]]], batch_events: int
) -> None:
    sku = f"SKU {next(numbers)}"
    rooms = {location: StockRoom(world.pipeline_log, sku, location) for location in LOCATIONS}
    told = {"command_id": uuid4(), "actor": actor(), "sku": sku}
    for minute, (location, (wish, *body)) in enumerate(script):
        world.now = NOW + timedelta(minutes=minute)
        if isinstance(wish, type) and issubclass(wish, Command):
            world.send(wish.model_validate({**told, "location": location, **body[0]}))
        else:
            rooms[location].ask(wish, *body, now=world.now)
    world.follower(batch_events).catch_up()

    stocks = {place: room.stock for place, room in rooms.items() if room.stock.version}
    levels = world.query(
        "select location, on_hand, reserved, available, short, threshold, below_since"
        " from analytics.stock_levels where sku = %s",
        sku,
    )
    assert set(levels) == {
        (place, level.on_hand, level.reserved, level.available, level.short, level.threshold,
         level.below_since)
        for place, level in ((place, stock.level) for place, stock in stocks.items())
    }  # fmt: skip
    reservations = world.query(
        "select location, order_id, item_id, quantity, reserved_at, expires_at"
        " from analytics.reservations where sku = %s and state = 'reserved'",
        sku,
    )
    assert set(reservations) == {
        (place, order_id, item_id, held.quantity, held.reserved_at, held.expires_at)
        for place, stock in stocks.items()
        for order_id, items in stock.reservations.items()
        for item_id, held in items.items()
    }
