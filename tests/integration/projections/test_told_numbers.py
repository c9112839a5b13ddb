"""Whoever speaks of an order calls it by the one number that the tables tell: that of the placement
that counts, else the one that other facts tell.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.orders import commands as c
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.public.order_state import state_of as public_state_of
from domain.templates.offered import Setting, of_order
from services.history import state_of
from services.order_view import view_of
from services.streams import events_of
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, runs, settle
from tests.support.examples import NOW, actor

LINK = "https://pay.example/{number}"


def tell(world: World, order_id: UUID, *facts: dict[str, Any]) -> None:
    """Let an integration tell of an order."""
    who = {"command_id": uuid4(), "actor": actor("api_key"), "order_id": order_id, "path": "shop"}
    told = [{"fact_id": uuid4(), "occurred_at": NOW, **one} for one in facts]
    (outcome,) = world.send(c.RecordFacts.model_validate(who | {"facts": told}))
    assert outcome.kind == "accepted", outcome


def correct(world: World, order_id: UUID, version: int) -> None:
    lead = actor("user", "lead")
    wrong = {"order_id": order_id, "version": version, "reason": "Another order"}
    (outcome,) = world.send(c.CorrectFact(command_id=uuid4(), actor=lead, **wrong))
    assert outcome.kind == "accepted", outcome


def order_of(world: World, order_id: UUID) -> Order:
    return state_of(events_of(world.pipeline_log, stream_of(order_id)))


def numbers(world: World, order_id: UUID) -> set[str | None]:
    """Give what an order is called by letters, papers, payment links, the public state, whoever
    asks for its state, and the tables.
    """
    world.catch_up()
    order = order_of(world, order_id)
    letter = of_order(order_id, order, None, Setting(payment_link=LINK))
    linked = letter["payment_link"].removeprefix("https://pay.example/")
    ((table,),) = world.query(
        "select external_id from analytics.orders where order_id = %s", order_id
    )
    public = public_state_of(order, order_id, 1, None).external_id
    spoken = {None if one == str(order_id) else one for one in (letter["number"], linked)}
    return {*spoken, public, view_of(order, order_id)["external_id"], table}


def status(**more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": "new", "rank": 0, **more}


def placed(**more: Any) -> dict[str, Any]:
    return {"kind": "placed", "status": "new", "currency": "EUR", **more}


def test_a_number_that_a_fact_beside_the_placement_tells_is_the_one_that_all_tell(
    world: World,
) -> None:
    order_id = uuid4()
    tell(world, order_id, status(external_id="A-17"))

    assert numbers(world, order_id) == {"A-17"}
    tell(world, order_id, placed())
    assert numbers(world, order_id) == {"A-17"}
    tell(world, order_id, placed(external_id="B-1", occurred_at=NOW - timedelta(hours=1)))
    assert numbers(world, order_id) == {"B-1"}


def test_an_order_whose_placement_was_annulled_keeps_its_number_wherever_it_is_told(
    world: World,
) -> None:
    order_id = uuid4()
    tell(world, order_id, placed(external_id="A-17"))
    correct(world, order_id, 1)

    assert numbers(world, order_id) == {"A-17"}


@pytest.mark.parametrize("number", [None, "C-1"])
def test_an_annulled_fact_beside_a_decided_placement_gives_the_order_no_number(
    world: World, number: str | None
) -> None:
    order_id = world.place(external_id=number)
    tell(world, order_id, placed(external_id="B-1"))
    version = order_of(world, order_id).version

    correct(world, order_id, version)

    assert numbers(world, order_id) == {number}


def test_rules_know_the_number_that_a_fact_beside_the_placement_tells(world: World) -> None:
    seen = {"then": [{"note": "Seen"}], "limits": {"per_order": 1}}
    publish(
        world,
        {"rule": "by_number", "on": [{"event": "order.note_added"}]}
        | {"if": {"ours": "order.external_id == 'A-17'"}, **seen},
        {"rule": "numbered", "on": [{"change": "external_id", "to": "A-17"}], **seen},
    )
    order_id = uuid4()
    tell(world, order_id, status(external_id="A-17"))
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Rang"))

    settle(world)

    fired = {(rule, event) for rule, event, result in runs(world, order_id) if result == "fired"}
    assert fired == {
        ("numbered", "order.status_recorded"),
        ("by_number", "order.note_added"),
    }
