"""Read models `shipments` and `documents`: what analysts see of them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Command
from domain.orders import commands as c
from projections.reports.documents import Sought, list_documents
from projections.reports.shipments import list_shipments
from tests.integration.projections.world import World, open_world
from tests.support.examples import NOW, actor

WHO: dict[str, Any] = {"command_id": UUID(int=1), "actor": actor()}


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        opened.now = NOW + timedelta(hours=9)
        yield opened


def packed(world: World, **more: Any) -> UUID:
    """Place an order whose three pieces are in a shipment."""
    order_id = world.place(**more)
    to = {"from_status": "ordered", "to_status": "assembled"}
    send(
        world,
        c.MoveItem(**WHO, order_id=order_id, item_id="1", quantity=3, **to),
        c.CreateShipment(**WHO, order_id=order_id, shipment_id="s-1", carrier="DHL"),
    )
    return order_id


def told(order_id: UUID, status: Any, hours: int) -> Command:
    return c.MoveShipment(
        **WHO | {"actor": actor("api_key")},
        order_id=order_id,
        shipment_id="s-1",
        to_status=status,
        carrier_ref=f"scan-{hours}",
        occurred_at=NOW + timedelta(hours=hours),
    )


def send(world: World, *commands: Command) -> None:
    for outcome in world.send(*commands):
        assert outcome.kind in ("accepted", "nothing"), outcome.unmet


def shown(world: World, order_id: UUID) -> Sequence[Any]:
    return world.query(
        "select status, status_since, outcome, quantity, handed_over_at, delivered_at"
        " from analytics.shipments where order_id = %s",
        order_id,
        role="orderpath_analyst",
    )


def test_callbacks_in_any_order_give_the_same_row(world: World) -> None:
    ways = ([1, 2, 3], [3, 1, 2], [2, 3, 1, 2, 1])
    status = {1: "handed_over", 2: "in_transit", 3: "delivered"}
    rows = []
    for way in ways:
        order_id = packed(world)
        for hours in way:
            send(world, told(order_id, status[hours], hours))
            world.catch_up()
        rows.append(shown(world, order_id))

    handed_over, delivered = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    assert rows == [[("delivered", delivered, "delivered", 3, handed_over, delivered)]] * len(ways)


def test_what_the_customer_never_had_was_not_bought_out(world: World) -> None:
    never, gave_back = packed(world), packed(world)
    send(world, told(gave_back, "delivered", 1))
    for order_id in (never, gave_back):
        send(world, told(order_id, "returned", 2))
    world.catch_up()

    assert [shown(world, order_id)[0][2] for order_id in (never, gave_back)] == [
        "not_bought_out",
        "returned",
    ]
    assert world.query(
        "select item_status, not_bought_out, returned, live_quantity from analytics.items"
        " where order_id = any(%s)"
        " order by returned",
        [never, gave_back],
        role="orderpath_analyst",
    ) == [("not_bought_out", 3, 0, 0), ("returned", 0, 3, 3)]


def test_shipments_of_test_orders_are_left_out_but_no_number_of_a_document(world: World) -> None:
    order_id = packed(world, test=True)
    send(world, c.IssueDocument(**WHO, order_id=order_id, kind="invoice"))
    world.catch_up()

    assert shown(world, order_id) == []
    assert world.query("select number, test from analytics.documents") == [("1", True)]


def test_of_several_steps_of_a_document_in_one_batch_the_last_counts(world: World) -> None:
    order_id = world.place()
    steps: list[Command] = [c.IssueDocument(**WHO, order_id=order_id, kind="invoice")]
    said = {"sent": None, "paid": None, "cancelled": "wrong_address"}
    steps += [
        c.MoveDocument.model_validate(
            {**WHO, "order_id": order_id, "document_id": "invoice-1", "to_status": status}
            | {"reason_code": code}
        )
        for status, code in said.items()
    ]
    send(world, *steps)
    world.catch_up()

    assert world.query("select number, status, reason_code from analytics.documents") == [
        ("1", "cancelled", "wrong_address")
    ]


@pytest.mark.parametrize("question", [list_shipments, partial(list_documents, sought=Sought())])
def test_a_list_has_a_limit(question: Any) -> None:
    for limit in (0, 100_001):
        with pytest.raises(ValueError, match="limit must be in 1"):
            question(None, limit=limit)
