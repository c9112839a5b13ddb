"""Who may change which detail of an order (P23): the warehouse assembles, but edits no phone."""

import pytest

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.allowed import list_fields
from domain.orders.context import Situation
from domain.paths.path import OrderPath
from tests.support.examples import NOW, ORDER_ID, PATH, actor
from tests.support.spec import given
from tests.unit.domain.orders.test_decide import PLACE, who

GUARDED = OrderPath.model_validate(
    PATH.model_dump(mode="json")
    | {
        "fields": {
            "customer_phone": {"edit": ["manager"], "never": ["warehouse"]},
            "delivery_address": {"closed_in": ["packed"]},
        }
    }
)


def change(*roles: str, **fields: str) -> c.ChangeFields:
    return c.ChangeFields(**(who() | {"actor": actor("user", *roles)}), **fields)


def test_p23_a_manager_changes_the_phone() -> None:
    given(PLACE, paths=[GUARDED]).when(change("manager", customer_phone="+49 30 1")).then(
        e.FieldsChanged(changed=("customer_phone",), customer_phone="+49 30 1")
    )


@pytest.mark.parametrize("roles", [("warehouse",), ("courier",), (), ("manager", "warehouse")])
def test_p23_whoever_has_not_the_right_does_not(roles: tuple[str, ...]) -> None:
    given(PLACE, paths=[GUARDED]).when(change(*roles, customer_phone="+49 30 1")).then_refused(
        "field_not_editable"
    )


def test_p23_an_address_stands_still_once_the_goods_are_packed() -> None:
    moved = (
        e.StatusChanged(from_status="new", to_status="confirmed"),
        e.StatusChanged(from_status="confirmed", to_status="packed"),
    )
    packed = given(PLACE, *moved, paths=[GUARDED])

    answer = packed.when(change("courier", customer_phone="+49", delivery_address="Hill 1"))

    answer.then_refused("field_not_editable", "field_closed")
    assert answer.fields == ["customer_phone", "delivery_address"]


def test_p23_what_the_path_says_nothing_of_everybody_may_change() -> None:
    given(PLACE, paths=[GUARDED]).when(change("courier", track_number="RR1")).then(
        e.FieldsChanged(changed=("track_number",), track_number="RR1")
    )


def test_p23_a_value_that_is_so_already_needs_no_right() -> None:
    order = given(PLACE, paths=[GUARDED]).when(change("manager", customer_phone="+49 30 1"))
    clerk = Situation(ORDER_ID, order.world.order, GUARDED, _clerk(), NOW)

    found = {field.name: field.is_open for field in list_fields(clerk)}

    assert (found["customer_phone"], found["track_number"]) == (False, True)


def _clerk() -> Actor:
    return Actor(kind="user", id=str(ORDER_ID), roles=("warehouse",))
