"""Public states and tables tell the same of an order, whatever an import told of it, in whatever
order, and whatever was corrected.
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from pydantic_core import from_json

from domain.messages import Command
from domain.orders import commands as c
from domain.streaming import ORDER_STATE
from services.public_lane import PublicLane
from tests.chaos.proof import assert_states_as_in_tables
from tests.integration.projections.world import World, open_world
from tests.support.examples import NOW, TEA, actor

ORDERS: Final = 150
LEAD: Final = actor("user", "warehouse", "lead")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


def fact(chance: Random) -> dict[str, Any]:
    """Tell something of an order, of which others may have told otherwise."""
    currency = chance.choice(["EUR", "EUR", "EUR", "USD"])
    told = {}
    if chance.random() < 0.3:
        told["external_id"] = chance.choice("AB")
    if chance.random() < 0.3:
        told["customer_id"] = chance.choice(["c-1", "c-2"])
    said: dict[str, Any] = {
        "placed": {
            "status": chance.choice(["new", "confirmed"]),
            "rank": chance.randint(0, 2),
            "currency": currency,
            "shop": chance.choice(["main", "second"]),
            **told,
        },
        "status": {
            "status": chance.choice(["new", "confirmed", "packed"]),
            "rank": chance.randint(0, 2),
            **told,
        },
        "item": {
            "line": {
                "item_id": chance.choice("12"),
                "sku": "TEA",
                "title": "Tea",
                "quantity": chance.randint(1, 4),
                "unit_price_minor": chance.randint(0, 300),
            }
        },
        "payment": {
            "movement": chance.choice(["charged", "refunded"]),
            "payment_id": chance.choice("pq"),
            "amount_minor": chance.randint(1, 900),
            "currency": currency,
            **told,
        },
    }
    kind = chance.choice(["placed", "placed", *said])
    return {
        "kind": kind,
        "fact_id": UUID(int=chance.getrandbits(128)),
        "occurred_at": NOW - timedelta(hours=chance.randint(1, 6)),
        **said[kind],
    }


def wish(chance: Random, order_id: UUID) -> Command:
    """Tell a few facts, or correct something that may have been told."""
    who = {"command_id": UUID(int=chance.getrandbits(128)), "order_id": order_id}
    if chance.random() < 0.6:
        facts = tuple(fact(chance) for _ in range(chance.randint(1, 3)))
        told = {"actor": actor("import"), "path": "shop", "facts": facts}
        return c.RecordFacts.model_validate(who | told)
    version = chance.randint(1, 6)
    return c.CorrectFact(**who, actor=LEAD, version=version, reason="It was otherwise")


def decision(chance: Random, order_id: UUID) -> Command:
    """Place an order, of which facts may tell otherwise, with or without a number."""
    who = {"command_id": UUID(int=chance.getrandbits(128)), "order_id": order_id}
    said = {"path": "shop", "currency": "EUR", "lines": [TEA]}
    number = chance.choice([None, None, "C"])
    return c.PlaceOrder.model_validate({**who, **said, "actor": actor(), "external_id": number})


@pytest.mark.parametrize("seed", range(3))
def test_states_tell_what_the_tables_tell(world: World, seed: int) -> None:
    chance = Random(seed)
    for _ in range(ORDERS):
        order_id = UUID(int=chance.getrandbits(128))
        if chance.random() < 0.5:
            (placed,) = world.send(decision(chance, order_id))
            assert placed.kind == "accepted", placed.unmet
        for _ in range(chance.randint(1, 6)):
            world.pipeline.execute(wish(chance, order_id))
    world.catch_up()
    lane = PublicLane(world.log)
    lane.begin(world.log.head(), 0)
    states: dict[str, Any] = {}
    while (read := lane.next()) is not None:
        told = [m.value for m in read.messages if m.topic == ORDER_STATE.name and m.value]
        states |= {one["order_id"]: one for one in map(from_json, told)}

    assert len(states) > ORDERS / 2
    assert_states_as_in_tables(world.url, states.values())
