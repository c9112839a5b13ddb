"""The list of delivery methods: what may be put on it, and taken off it."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Decided
from domain.products.delivery_methods import (
    MAX_METHODS,
    DeliveryMethod,
    DeliveryMethodEnded,
    DeliveryMethodSet,
    EndDeliveryMethod,
    SetDeliveryMethod,
)
from tests.support.examples import COURIER, EVENTS, NOW, actor
from tests.support.spec import given

LISTED = EVENTS["delivery_method.set.v1"]
ENDED = DeliveryMethodEnded(code="courier")


def set_method(**body: Any) -> SetDeliveryMethod:
    said = {"command_id": UUID(int=1), "actor": actor(), "method": COURIER.model_dump() | body}
    return SetDeliveryMethod.model_validate(said)


def end(code: str) -> EndDeliveryMethod:
    return EndDeliveryMethod(command_id=UUID(int=1), actor=actor(), code=code)


def test_a_method_is_listed_once_and_gets_another_price() -> None:
    dearer = DeliveryMethodSet(method=COURIER.model_copy(update={"price_minor": 400}))

    given().when(set_method()).then(LISTED)
    given(LISTED).when(set_method()).then_nothing()
    given(LISTED).when(set_method(price_minor=400)).then(dearer)


def test_a_method_is_ended_once_and_can_be_listed_again() -> None:
    given(LISTED).when(end("courier")).then(ENDED)
    given(LISTED, ENDED).when(end("courier")).then_nothing()
    given(LISTED, ENDED).when(set_method()).then(LISTED)
    given(LISTED).when(end("post")).then_refused("delivery_method_unknown")


def test_so_many_methods_are_listed_and_not_one_more() -> None:
    many = [
        Decided(DeliveryMethodSet(method=COURIER.model_copy(update={"code": f"m{n}"})), NOW)
        for n in range(MAX_METHODS)
    ]

    given(*many).when(set_method()).then_refused("too_many_methods")
    given(*many, DeliveryMethodEnded(code="m0")).when(set_method()).then(LISTED)


@pytest.mark.parametrize("wrong", [{"price_minor": -1}, {"currency": "EURO"}, {"code": "By air"}])
def test_a_method_that_makes_no_sense_is_no_command(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="method"):
        set_method(**wrong)


def test_it_is_free_from_an_amount_on_or_never() -> None:
    never = DeliveryMethod(code="post", price_minor=300, currency="EUR")

    assert [COURIER.price_for(goods) for goods in (4_999, 5_000)] == [300, 0]
    assert never.price_for(10**9) == 300
