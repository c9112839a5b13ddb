"""What people are told about a name that does not exist."""

from uuid import UUID

import pytest

from domain.hints import hint, nearest, one_of
from domain.messages import Command, Event, is_key
from domain.orders import commands as c
from domain.orders.events import PaymentSubmitted
from domain.paths.path import OrderPath
from tests.support.examples import COMMANDS, CUP, ORDER_ID, PATH, actor
from tests.support.spec import given


def test_a_name_that_comes_near_is_the_one_that_was_meant() -> None:
    assert nearest("prize", ["price", "seller"]) == "price"
    assert hint("prize", ["price", "seller"]) == ": did you mean price?"


def test_where_nothing_comes_near_the_names_are_told() -> None:
    assert nearest("x", ["price", "seller"]) is None
    assert hint("x", ["price", "seller"]) == ": write one of price, seller"


def test_a_hint_stays_short_whatever_was_written() -> None:
    many = [f"n{number}" for number in range(1_000)]

    assert hint("x" * 1_000_000, [*many, "y" * 65]) == ": write one of " + ", ".join(many[:30])


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([], "add it first"),
        (["tea"], "one of tea"),
        ([f"n{n}" for n in range(30)], "one of " + ", ".join(f"n{n}" for n in range(30))),
        (["y" * 64, "z" * 65], "one of " + "y" * 64 + ", " + "z" * 63 + "…"),
    ],
)
def test_whoever_has_to_choose_is_told_what_there_is(there: list[str], said: str) -> None:
    assert one_of(iter(there), "add it first") == said


def test_names_that_may_be_personal_are_counted_only() -> None:
    assert one_of(["p-1", "Smith", "p-2"], "none", is_key) == "one of p-1, p-2 and 1 more"
    assert one_of(["Smith", "Ann"], "none", is_key) == "one of the 2 that are there"
    assert one_of([], "none", is_key) == "none"


def test_what_there_is_to_choose_from_stays_short_however_much_it_is() -> None:
    many = [f"{number:0>194}" for number in range(500)]

    told = one_of(many, "add it first")

    assert told == "one of " + ", ".join(["0" * 63 + "…"] * 30) + " and 470 more"


WHO = {"command_id": UUID(int=2), "actor": actor(), "order_id": ORDER_ID}
LONG = [f"{number:a>64}" for number in range(500)]  # letters and at last a number
LARGE_PATH = OrderPath.model_validate(
    PATH.content | {"statuses": PATH.content["statuses"] | {one: {"stage": "work"} for one in LONG}}
)
PLACE = COMMANDS["order.place"].model_copy(update={"stated": None})
MANY_ITEMS = PLACE.model_copy(
    update={"lines": tuple(CUP.model_copy(update={"item_id": one}) for one in LONG)}
)
MANY_PAYMENTS = [
    PaymentSubmitted(payment_id=one, method="card", amount_minor=5, currency="EUR") for one in LONG
]


@pytest.mark.parametrize(
    ("history", "wish"),
    [
        ([MANY_ITEMS], c.ChangeItem(**WHO, item_id="x", quantity=1)),
        ([PLACE], c.ChangeStatus(**WHO, to_status="nowhere")),
        ([PLACE, *MANY_PAYMENTS], c.ChargePayment(**WHO, currency="EUR", amount_minor=5)),
    ],
)
def test_a_refusal_stays_short_however_much_there_is(
    history: list[Event | Command], wish: Command
) -> None:
    unmet = given(*history, paths=[LARGE_PATH]).when(wish).unmet

    needed = max((one.needed or "" for one in unmet), key=len)
    assert needed.startswith("one of ")
    assert len(needed) < 2_100
