"""A hundred commands at once on one order equal some serial order of them (D3)."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.attempts import AttemptRefused
from domain.messages import Actor, Outcome, Recorded
from domain.orders import commands as c
from domain.orders.events import stream_of
from domain.orders.money import Line
from domain.paths.commands import PublishPath
from domain.refusals import Refusal
from domain.stock.commands import ReceiveStock
from infra.event_log import open_log
from tests.support.examples import actor
from tests.support.loads import open_pipeline
from tests.support.spec import World, given
from tests.unit.domain.orders.test_goods import path

COMMANDS, CALLERS = 100, 50
SKUS = ("TEA", "CUP")
LINES = tuple(
    Line(item_id=sku, sku=sku, title=sku, quantity=3, unit_price_minor=500) for sku in SKUS
)
PIECES = ("ordered", "reserved", "assembled", "shipped")


def mixed(random: Random, order_id: UUID) -> c.OrderCommand:
    lead = Actor(kind="user", id=random.choice(["ann", "bob"]), roles=("lead",))
    who: dict[str, Any] = {"command_id": uuid4(), "actor": lead, "order_id": order_id}
    status = random.choice(["confirmed", "packed", "delivered", "back", "new", "nowhere"])
    item = random.choice(SKUS)
    source, target = random.sample(PIECES, 2)
    pieces = {"item_id": item, "quantity": random.randint(1, 2)}
    return random.choice(
        [
            c.ChangeStatus(**who, to_status=status),
            c.ChangeStatus(**who, to_status=status, expected_status="confirmed"),
            c.MoveItem(**who, **pieces, from_status=source, to_status=target),
            c.CancelItem(**who, item_id=item, quantity=1, reason_code="late"),
            c.ReserveItems(**who),
            c.ChargePayment(**who, method="card", amount_minor=300, currency="EUR"),
            c.RefundPayment(**who, amount_minor=100, currency="EUR"),
            c.ChangeFields(**who, track_number=str(random.randint(1, 3))),
            c.AddNote(**who, text="note"),
            c.AssignOwner(**who, user=random.choice(["ann", "bob"])),
        ]
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_d3_a_hundred_mixed_commands_at_once_equal_a_serial_order(
    database_url: str, seed: int
) -> None:
    order_id, random = uuid4(), Random(seed)
    told: dict[str, Any] = {"actor": actor(), "order_id": order_id}
    start = [ReceiveStock(command_id=uuid4(), actor=actor(), sku="TEA", quantity=4)]
    place = c.PlaceOrder(command_id=uuid4(), **told, path="shop", currency="EUR", lines=LINES)
    wishes = [mixed(random, order_id) for _ in range(COMMANDS)]
    with open_pipeline(database_url) as one, open_pipeline(database_url) as other:
        one.execute(PublishPath(command_id=uuid4(), actor=actor(), definition=path()))
        for command in (*start, place):
            one.execute(command)

        def send(number: int) -> tuple[Outcome, Outcome]:
            first, second = (one, other) if number % 2 else (other, one)
            return first.execute(wishes[number]), second.execute(wishes[number])

        with ThreadPoolExecutor(CALLERS) as callers:
            answers = list(callers.map(send, range(COMMANDS)))

    outcomes = {wish.command_id: answer[0] for wish, answer in zip(wishes, answers, strict=True)}
    for first, again in answers:
        assert again.repeated
        assert (again.kind, again.unmet, again.versions) == (
            first.kind,
            first.unmet,
            first.versions,
        )
    worlds = _replayed(database_url, place, wishes, [*start, place])
    kinds = {outcome.kind for outcome in outcomes.values()}
    assert kinds == {"accepted", "refused", "nothing"}
    _refusals_fit(database_url, {wish.command_id: wish for wish in wishes}, worlds, order_id)


def _replayed(
    url: str, place: c.PlaceOrder, wishes: list[c.OrderCommand], start: list[Any]
) -> dict[int, World]:
    """Decide the accepted ones again, one after the other; give the world at each version."""
    world = given(paths=(path(),)).world
    history = _load(url, stream_of(place.order_id))
    for command in start:
        world.run(command, history[0].occurred_at)
    known = {wish.command_id: wish for wish in wishes}
    worlds = {world.state(place.stream_id).version: _copy(world)}
    for command_id in dict.fromkeys(one.command_id for one in history[1:]):
        mine = [one for one in history if one.command_id == command_id]
        decided = world.decide(known[command_id], mine[0].occurred_at)
        assert [one.event for one in decided[place.stream_id]] == [one.event for one in mine]
        for stream, events in decided.items():
            world.append(stream, events)
        worlds[world.state(place.stream_id).version] = _copy(world)
    return worlds


def _refusals_fit(
    url: str, known: dict[UUID, c.OrderCommand], worlds: dict[int, World], order_id: UUID
) -> None:
    """Every refusal is what the order, as it was then, refuses with."""
    for attempt in _load(url, f"attempt-{order_id}"):
        assert isinstance(attempt.event, AttemptRefused)
        world = worlds[attempt.event.order_version]
        with pytest.raises(Refusal) as refused:
            world.decide(known[attempt.command_id], attempt.occurred_at)
        assert refused.value.unmet == attempt.event.unmet


def _copy(world: World) -> World:
    return World(dict(world.states), [], world.paths)


def _load(url: str, stream: str) -> list[Recorded]:
    log = open_log(url)
    try:
        return log.load({stream: 0})[stream]
    finally:
        log.close()
