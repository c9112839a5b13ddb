"""What a backtest says that moves would come upon is what they come upon live."""

from collections import Counter
from typing import Any, Final
from uuid import uuid4

import pytest

from domain.customers import commands as k
from domain.orders.events import Customer
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.stock.commands import ReceiveStock
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle, status_of
from tests.integration.rules.test_backtest import tried
from tests.support.examples import PATH, TEA, actor

NO: Final = "No"
GUARDED: Final = OrderPath.model_validate(
    PATH.content
    | {
        "path": "guarded",
        "stock": {"locations": ["main"], "partial": False},
        "statuses": PATH.content["statuses"]
        | {
            "confirmed": {"stage": "work", "on_enter": {"stock": "reserve"}},
            "packed": {"stage": "work", "on_enter": {"documents": ["invoice"]}},
        },
        "transitions": [
            {
                "from": "new",
                "to": "confirmed",
                "guards": [
                    {"code": "not_vip", "when": "'vip' in customer.tags", "message": NO},
                    {"code": "not_kept", "when": "order.owner_group != 'stores'", "message": NO},
                ],
            },
            {"from": "new", "to": "packed", "require": ["reason"]},
            {
                "from": "new",
                "to": "done",
                "guards": [
                    {"code": "no_owner", "when": "order.owner_group == 'stores'", "message": NO}
                ],
            },
            {"from": "new", "to": "lost", "approval": {"by": ["lead"]}},
            {"from": "*", "to": "cancelled", "reasons": ["changed_mind"]},
        ],
    }
)
WHY: Final = {"reason_code": "changed_mind", "initiator": "client"}
STORES: Final = {"assign": {"group": "stores"}}


@pytest.mark.parametrize(
    ("customer", "then", "refused"),
    [
        ("ann", [{"move": "confirmed"}], []),
        ("bob", [{"move": "confirmed"}], ["not_vip"]),
        ("bob", [{"tag": "vip"}, {"move": "confirmed"}], []),
        ("ann", [{"untag": "vip"}, STORES, {"move": "confirmed"}], ["not_vip", "not_kept"]),
        ("ann", [{"move": "packed"}], ["document_missing", "reason_required"]),
        ("ann", [{"issue": "invoice"}, {"move": "packed", "reason": "Paid"}], []),
        ("ann", [{"move": "done"}], ["no_owner"]),
        ("ann", [STORES, {"move": "done"}], []),
        ("ann", [{"move": "cancelled"}], ["reason_code_required", "initiator_required"]),
        ("ann", [{"move": "cancelled"} | WHY, {"note": "Over"}], []),
        (
            "ann",
            [{"move": "cancelled"} | WHY | {"reason_code": "bored"}],
            ["reason_code_unknown"],
        ),
        ("ann", [{"move": "lost", **WHY}], ["approval_missing"]),
        ("ann", [{"move": "new"}], []),
    ],
)
def test_d10_a_backtest_refuses_what_is_refused_live_and_nothing_else(
    world: World, customer: str, then: list[dict[str, Any]], refused: list[str]
) -> None:
    who = {"command_id": uuid4(), "actor": actor()}
    world.send(
        PublishPath(command_id=uuid4(), actor=actor("system"), definition=GUARDED),
        k.CreateCustomer(**who, customer_id="ann", name="Ann"),
        k.AddTag(**who, customer_id="ann", tag="vip"),
        k.CreateCustomer(**who, customer_id="bob", name="Bob"),
        ReceiveStock(**who, sku=TEA.sku, location="main", quantity=100),
    )
    rule = {"rule": "acts", "on": [{"event": "order.placed"}], "then": then}
    publish(world, rule)
    order_id = world.place(path="guarded", customer=Customer(customer_id=customer))
    settle(world)

    (found,) = tried(world, rule)

    told = world.query(
        "select unmet from analytics.trigger_acts where command = 'order.change_status'"
    )
    assert [one["code"] for (unmet,) in told for one in unmet or ()] == refused
    assert status_of(world, order_id) == ("new" if refused else move_of(then))
    assert (found.results, found.refused) == ({"fired": 1}, Counter(refused))
    assert [[*one.refused] for one in found.would] == [refused]


def move_of(then: list[dict[str, Any]]) -> str:
    return next(str(one["move"]) for one in then if "move" in one)
