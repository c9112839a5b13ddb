"""Every field that a condition can name is worked out from the order, by the type it is told."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.orders.context import Situation, context_of
from domain.paths.environment import ENVIRONMENT, ListOf, Record, Type
from tests.support.examples import CUSTOMER, DELIVERY, NOW, ORDER_ID, PATH, TEA, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=2), "actor": actor(), "order_id": ORDER_ID}
PLACE = c.PlaceOrder(
    **WHO,
    path="shop",
    currency="EUR",
    customer=CUSTOMER,
    delivery=DELIVERY,
    lines=(TEA,),
    payment=c.PlacedPayment(method="card", charged=True, gateway_ref="g-1"),
)
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str, type(None)),
    "int": (int, type(None)),
    "bool": (bool,),
    "timestamp": (datetime,),
    "timestamp or null": (datetime, type(None)),
}


def context() -> Any:
    order = given(PLACE).world.order
    return context_of(Situation(ORDER_ID, order, PATH, actor("user", "lead"), NOW))


def check(value: Any, type_: Type, where: str) -> None:
    if isinstance(type_, Record):
        if value is not None:
            assert set(value) == set(type_.fields), where
            for name, inner in type_.fields.items():
                check(value[name], inner, f"{where}.{name}")
    elif isinstance(type_, ListOf):
        for element in value or ():
            check(element, type_.element, where)
    else:
        assert isinstance(value, KINDS[type_.name]), f"{where} is {value!r}"


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_the_context_has_what_the_environment_promises(name: str) -> None:
    check(context()[name], ENVIRONMENT[name], name)


def test_the_money_is_told_as_conditions_mean_it() -> None:
    order = context()["order"]

    assert (order["total_minor"], order["paid_minor"], order["due_minor"]) == (1_400, 1_400, 0)
    assert order["payment_status"] == "paid"
    assert context()["payments"][0]["method"] == "card"


@pytest.mark.parametrize(("back", "due"), [(c.RefundPayment, 0), (c.ChargeBackPayment, 300)])
def test_what_we_sent_back_is_not_due_in_conditions_and_what_the_bank_took_back_is(
    back: type[c.ReturnedPayment], due: int
) -> None:
    order = given(PLACE, back(**WHO, amount_minor=300, currency="EUR")).world.order
    told = context_of(Situation(ORDER_ID, order, PATH, actor("user", "lead"), NOW))["order"]

    assert (told["paid_minor"], told["due_minor"]) == (1_100, due)


class CountedPieces(dict[str, int]):
    """Pieces of an item that know how often they were looked at."""

    looked_at = 0

    def get(self, *args: Any) -> Any:
        self.looked_at += 1
        return super().get(*args)


def test_a_condition_that_many_moves_share_is_told_its_items_once() -> None:
    order = given(PLACE).world.order
    pieces = CountedPieces(ordered=3)
    counted = replace(order, items={"1": replace(order.items["1"], pieces=pieces)})
    situation = Situation(ORDER_ID, counted, PATH, actor("user", "lead"), NOW)
    shared = "items.all(i, i.ordered == 3)"

    for n in range(60):
        assert situation.answers([shared, f"order.total_minor >= {n}"]) == [True, True]

    assert pieces.looked_at == 1


def test_that_somebody_wrote_about_the_order_is_told_and_not_what() -> None:
    quiet = context()["order"]["has_note"]
    order = given(PLACE, c.AddNote(**WHO, text="Leave it with the neighbour")).world.order
    told = context_of(Situation(ORDER_ID, order, PATH, actor(), NOW))["order"]

    assert (quiet, told["has_note"]) == (False, True)
    assert "neighbour" not in str(dict(told))
