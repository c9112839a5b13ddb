"""Conditions on an order: yes, no, or a failure that is never taken for a yes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.paths.conditions import Condition, ConditionFailed, compile_condition, evaluate
from domain.paths.environment import ENVIRONMENT
from tests.support.contexts import NOON, context


def compiled(source: str) -> Condition:
    return compile_condition(source, ENVIRONMENT)


def answer(source: str, given: dict[str, Any]) -> bool | ConditionFailed:
    [only] = evaluate([compiled(source)], given)
    return only


def test_conditions_are_answered_in_their_order() -> None:
    given = context(
        order={"paid_minor": 900, "total_minor": 900, "shop": "north"},
        items=[{"reserved": 2, "quantity": 2}, {"reserved": 1, "quantity": 3}],
        actor={"roles": ("lead",)},
    )
    sources = [
        "order.paid_minor >= order.total_minor",
        "items.all(i, i.reserved == i.quantity)",
        "'lead' in actor.roles && order.shop in ['north']",
    ]

    assert evaluate([compiled(source) for source in sources], given) == [True, False, True]
    assert evaluate([], given) == []


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("order.track_number == ''", True),
        ("order.owner_user != ''", False),
        ("order.due_minor == 0", True),
        ("order.has_phone", False),
        ("order.promised_at == null", True),
        ("order.promised_at != null && order.promised_at < now", False),
        ("items.all(i, i.upsell)", True),
        ("customer.tags.exists(t, t == 'vip')", False),
    ],
)
def test_what_is_missing_is_empty_zero_false_or_for_a_promise_null(
    source: str, holds: bool
) -> None:
    assert answer(source, context()) is holds
    assert answer(source, context(customer=None)) is holds


def test_times_are_compared_across_zones_and_with_durations() -> None:
    given = context(order={"entered_at": NOON - timedelta(hours=25)})

    assert answer("now - order.entered_at > duration('24h')", given) is True
    assert answer("now == timestamp('2026-03-01T15:00:00+03:00')", given) is True


def test_texts_are_compared_by_their_characters() -> None:
    given = context(order={"shop": "дом"})

    assert answer("order.shop == \"дом\" && order.shop.startsWith('д')", given) is True


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("order.total_minor / order.paid_minor > 1", "something was divided by zero"),
        ("order.total_minor * 9000000000000000000 > 1", "a number became too large"),
        (
            "now < timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "a number became too large",
        ),
    ],
)
def test_an_expression_that_cannot_be_computed_has_failed(source: str, reason: str) -> None:
    failed = answer(source, context(order={"total_minor": 4_242}))

    assert failed == ConditionFailed("condition_failed", reason)
    assert not failed


def test_a_failure_beside_what_decides_alone_is_no_failure() -> None:
    given = context(order={"test": True})

    assert answer("order.total_minor / order.paid_minor > 1 || order.test", given) is True


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"order": {}},
        {"order": 5},
        context(order={"total_minor": object()}),
        context(order={"total_minor": "many"}),
    ],
)
def test_a_context_of_the_wrong_shape_is_a_failure_without_its_values(given: Any) -> None:
    failed = answer("order.total_minor > 1", given)

    assert isinstance(failed, ConditionFailed)
    assert failed.code == "condition_failed"
    assert "many" not in failed.reason


def test_a_list_of_more_than_1000_elements_is_a_failure_of_its_own() -> None:
    item = {"upsell": False}

    assert answer("items.exists(i, i.upsell)", context(items=[item] * 1_000)) is False
    failed = answer("items.exists(i, i.upsell)", context(items=[item] * 1_001))
    assert isinstance(failed, ConditionFailed)
    assert failed.code == "list_too_long"
    failed = answer("'vip' in customer.tags", context(customer={"tags": ["new"] * 1_001}))
    assert isinstance(failed, ConditionFailed)
    assert failed.code == "list_too_long"


ITEM = {"quantity": 1, "sku": "s" * 200, "title": "a" * 200, "seller": "b" * 200}
PAIRS = "items.all(i, items.all(j, j.quantity <= i.quantity))"
BOMB = " || ".join(["i.title.contains(j.sku)"] * 17)


@pytest.mark.parametrize(
    ("source", "enough", "too_many"),
    [
        ("items.all(i, i.quantity > 0 && i.quantity < 5)", 1_000, None),
        (PAIRS, 300, 600),
        ("items.filter(i, i.quantity == 1).size() > 0", 500, 900),
        ("items.map(i, i.sku).exists(s, s != '')", 700, None),
        (f"items.all(i, items.all(j, !({BOMB})))", 50, 200),
        ("items.all(i, items.map(j, j.title).exists(t, t == i.title))", 60, 300),
        ("items.all(i, items.filter(j, j.title == i.title).size() > 0)", 40, 150),
        ("items.all(i, i.sku in ['x', 's'] || items.exists(j, j.sku == i.sku))", 200, 600),
    ],
)
def test_what_a_condition_may_cost_is_bounded_by_what_it_says_and_how_long_the_lists_are(
    source: str, enough: int, too_many: int | None
) -> None:
    assert answer(source, context(items=[ITEM] * enough)) is True
    if too_many:
        failed = answer(source, context(items=[ITEM] * too_many))
        assert isinstance(failed, ConditionFailed)
        assert failed.code == "condition_too_costly"


def test_what_is_asked_together_shares_one_budget() -> None:
    """However many guards a move has: those that come too late have no answer."""
    guards = [compiled(f"{PAIRS} && order.total_minor >= {number}") for number in range(20)]
    given = context(items=[ITEM] * 200)

    answers = evaluate(guards, given)

    assert answers[0] is True
    late = [one.code for one in answers if isinstance(one, ConditionFailed)]
    assert set(late) == {"condition_too_costly"}
    assert 15 <= len(late) < 20
    assert evaluate([compiled("!order.test"), *guards], given) == [True, *answers]


def test_what_goes_through_no_list_costs_nothing_of_the_budget() -> None:
    assert evaluate([compiled("!order.test")], context(), 0) == [True]
    assert evaluate([compiled("!order.test")], context(), -1) == [True]


def test_lists_that_a_condition_writes_out_cost_what_they_cost() -> None:
    numbers = f"[{','.join('1' * 100)}]"
    written = compiled(f"{numbers}.all(x, {numbers}.all(y, x + y > order.total_minor))")

    assert evaluate([written], context()) == [True]
    (failed,) = evaluate([written], context(), 10_000)
    assert isinstance(failed, ConditionFailed)
    assert failed.code == "condition_too_costly"


def test_an_answer_does_not_depend_on_what_else_is_asked() -> None:
    given = context(items=[{}] * 1_001, customer={"customer_id": "c", "tags": ["vip"] * 1_001})
    del given["shipments"]
    sources = [
        "customer.customer_id == 'c'",
        "'vip' in customer.tags",
        "items.size() > 0",
        "shipments.size() > 0",
        "customer.marks.all(a, customer.marks.all(b, a == b))",
        "!order.test",
    ]
    conditions = [compiled(source) for source in sources]
    alone = [evaluate([condition], given)[0] for condition in conditions]

    assert evaluate(conditions, given) == alone
    assert [a if isinstance(a, bool) else a.code for a in alone] == [
        True,
        "list_too_long",
        "list_too_long",
        "condition_failed",
        True,
        True,
    ]
