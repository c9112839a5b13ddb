"""Why an order is as it is: from what a rule did back to what led to it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from domain.messages import Actor, Recorded
from domain.orders import commands as c
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from services.why import chains_of
from tests.integration.projections.world import World
from tests.integration.rules.ruling import PAID, publish, settle
from tests.support.examples import PATH, actor

GATEWAY = Actor(kind="api_key", id="gateway", on_behalf_of="shop-bank")
IS_PAID = {
    "code": "is_paid",
    "when": "order.paid_minor >= order.total_minor",
    "message": "It has to be paid",
}
# Its second version asks for a role and a payment where the first one asked for nothing.
GUARDED = OrderPath.model_validate(
    PATH.content
    | {
        "transitions": [
            {"from": "new", "to": "confirmed", "roles": ["cashier"], "guards": [IS_PAID]},
            {"from": "*", "to": "cancelled"},
        ]
    }
)


def told(world: World, order_id: UUID) -> list[list[dict[str, Any]]]:
    """Give what `order why` answers of an order."""
    read = world.log.read_streams({f"order-{order_id}": (0, 1_000)})
    chains = chains_of(world.pipeline_log, [one for one in read if isinstance(one, Recorded)])
    return [[link.as_dict() for link in chain] for chain in chains]


def event_of(links: Sequence[dict[str, Any]], link: int, type_: str) -> dict[str, Any]:
    (found,) = [one for one in links[link]["events"] if one["type"] == type_]
    return dict(found)


def test_d5_a_chain_of_rules_is_told_back_to_who_began_it(world: World) -> None:
    flow = {"then": [{"move": "confirmed"}], "on": [{"change": "track_number"}]}
    publish(
        world,
        {"rule": "track", "on": [{"event": "order.note_added"}]}
        | {"then": [{"set": {"track_number": "T"}}]},
        {"rule": "go"} | flow,
    )
    order_id = world.place()
    world.send(c.AddNote(command_id=uuid4(), actor=actor(), order_id=order_id, text="Go"))
    settle(world)

    events = world.log.read_streams({f"order-{order_id}": (0, 100)})
    chains = chains_of(world.pipeline_log, [one for one in events if isinstance(one, Recorded)])

    assert [[link.first.actor_id for link in chain] for chain in chains] == [
        ["ann"],
        ["ann"],
        ["track", "ann"],
        ["go", "track", "ann"],
    ]
    assert [link.first.event.NAME for link in chains[-1]] == [
        "order.status_changed.v1",
        "order.fields_changed.v1",
        "order.note_added.v1",
    ]


def test_d4_d5_p22_a_callback_led_to_a_payment_that_to_rule_v3_and_that_to_the_status(
    world: World,
) -> None:
    world.send(PublishPath(command_id=uuid4(), actor=actor(), definition=GUARDED))
    go = {"rule": "paid", "on": [PAID], "roles": ["cashier"]}
    for why in ("one", "two", "because the money is in"):
        publish(world, go | {"then": [{"move": "confirmed", "reason": why}]})
    order_id = world.place()
    world.send(
        c.ChargePayment(
            command_id=uuid4(), actor=GATEWAY, source="http", causation_id=UUID(int=77),
            order_id=order_id, currency="EUR", method="card", gateway_ref="cb-4711",
            amount_minor=1_400,
        )
    )  # fmt: skip
    settle(world)

    moved, paid = told(world, order_id)[-1]

    assert (moved["actor"]["kind"], moved["actor"]["id"]) == ("trigger", "paid")
    assert moved["rule"] == {"name": "paid", "version": 3}
    assert (moved["command"], moved["reason"]) == (
        "order.change_status",
        "because the money is in",
    )
    way = event_of([moved, paid], 0, "order.status_changed.v1")["way"]
    assert (way["how"], way["path"], way["path_version"]) == ("moved", "shop", 2)
    assert (way["from"], way["to"]) == ("new", "confirmed")
    assert way["transition"]["roles"] == ["cashier"]
    assert way["transition"]["guards"] == [IS_PAID]

    assert paid["actor"] == {"kind": "api_key", "id": "gateway", "on_behalf_of": "shop-bank"}
    assert (paid["command"], paid["source"]) == ("order.charge_payment", "http")
    assert (paid["rule"], paid["causation_id"]) == (None, str(UUID(int=77)))
    charged = event_of([moved, paid], 1, "order.payment_charged.v1")
    assert (charged["gateway_ref"], charged["way"]) == ("cb-4711", None)
    assert moved["causation_id"] == paid["command_id"]


def test_d4_a_move_is_told_with_the_version_of_the_path_that_allowed_it_not_with_a_later_one(
    world: World,
) -> None:
    order_id = world.place()
    world.move(order_id, "confirmed")
    world.send(PublishPath(command_id=uuid4(), actor=actor(), definition=GUARDED))

    placed, moved = (chain[0] for chain in told(world, order_id))

    way = event_of([moved], 0, "order.status_changed.v1")["way"]
    assert (way["path"], way["path_version"]) == ("shop", 1)
    assert (way["transition"]["roles"], way["transition"]["guards"]) == ([], [])
    started = event_of([placed], 0, "order.placed.v1")["way"]
    assert (started["how"], started["from"], started["to"]) == ("started", None, "new")
    assert (started["starts"], started["transition"]) == ([None], None)
    assert moved["reason"] == "because"
