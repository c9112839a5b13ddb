"""Who may make a placed order larger: the path's right on `lines` (P23)."""

from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor
from domain.orders import commands as c
from domain.paths.path import OrderPath
from infra.path_files import load_preset
from tests.support.examples import COMMANDS, CUP, ORDER_ID, PATH, actor
from tests.support.spec import Answer, Scenario, given

PLACE = COMMANDS["order.place"]  # three pieces of tea
CLIENT, MANAGER = actor("user", "client"), actor("user", "manager")


def who(by: Actor) -> dict[str, Any]:
    return {"command_id": UUID(int=3), "actor": by, "order_id": ORDER_ID}


def shop(**right: Any) -> Scenario:
    fields = {"lines": right or {"edit": ["manager"]}}
    return given(PLACE, paths=(OrderPath.model_validate(PATH.content | {"fields": fields}),))


def growing(by: Actor) -> tuple[c.ItemChange, ...]:
    return c.AddItem(**who(by), line=CUP), c.ChangeItem(**who(by), item_id="1", quantity=50)


def refused(answer: Answer) -> list[tuple[str, str | None]]:
    assert not answer.events
    return [(one.code, one.field) for one in answer.unmet]


def test_whoever_may_not_edit_the_lines_makes_no_order_larger() -> None:
    add, more = growing(CLIENT)

    assert refused(shop().when(add)) == [("field_not_editable", "line")]
    assert refused(shop().when(more)) == [("field_not_editable", "quantity")]


@pytest.mark.parametrize("number", [0, 1])
def test_whoever_may_does(number: int) -> None:
    assert shop().when(growing(MANAGER)[number]).events


@pytest.mark.parametrize("number", [0, 1])
def test_nobody_makes_an_order_larger_where_its_lines_are_closed(number: int) -> None:
    answer = shop(closed_in=["new"]).when(growing(MANAGER)[number])

    assert [one.code for one in answer.unmet] == ["field_closed"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_role_that_never_may_is_refused_whatever_else_the_actor_is(number: int) -> None:
    both = CLIENT.model_copy(update={"roles": ("client", "manager")})

    answer = shop(never=["client"]).when(growing(both)[number])

    assert [one.code for one in answer.unmet] == ["field_not_editable"]


@pytest.mark.parametrize(
    "command",
    [
        c.ChangeItem(**who(CLIENT), item_id="1", quantity=2),
        c.ChangeItem(**who(CLIENT), item_id="1", unit_price_minor=400),
        c.CancelItem(**who(CLIENT), item_id="1", quantity=1, reason_code="changed_mind"),
    ],
)
def test_what_makes_no_order_larger_asks_for_no_right_on_its_lines(command: c.ItemChange) -> None:
    assert shop().when(command).events


def test_a_line_that_is_there_already_is_no_larger_order() -> None:
    there = PLACE.lines[0] if isinstance(PLACE, c.PlaceOrder) else None

    shop().when(c.AddItem.model_validate({**who(CLIENT), "line": there})).then_nothing()


def test_a_client_blows_up_no_paid_order_of_minoxidil() -> None:
    paid = c.PlaceOrder.model_validate(
        {
            **who(MANAGER),
            "path": "minoxidil",
            "channel": "web",
            "currency": "EUR",
            "lines": [{"item_id": "1", "sku": "FOAM", "title": "Foam", "quantity": 1,
                       "unit_price_minor": 3_000}],
            "payment": {"method": "card", "charged": True},
        }
    )  # fmt: skip
    order = given(paid, paths=(load_preset("minoxidil"),))

    assert [refused(order.when(one))[0][0] for one in growing(CLIENT)] == ["field_not_editable"] * 2
