"""A refund that is promised before the money goes back."""

from typing import Any
from uuid import UUID

from domain.orders import commands as c
from domain.orders import events as e
from domain.paths.path import OrderPath
from tests.support.examples import COMMANDS, ORDER_ID, PATH, actor
from tests.support.spec import Answer, given

PLACE = COMMANDS["order.place"]
COST = 1_650
WHO: dict[str, Any] = {"command_id": UUID(int=5), "actor": actor(), "order_id": ORDER_ID}
MONEY: dict[str, Any] = {"payment_id": "p-1", "currency": "EUR"}


def grant(amount: int | None, currency: str = "EUR", *roles: str) -> c.GrantRefund:
    who = {**WHO, "actor": actor("user", *roles)}
    return c.GrantRefund(**who, amount_minor=amount, currency=currency)


def granted(difference: int) -> e.RefundGranted:
    return e.RefundGranted(amount_minor=difference, currency="EUR")


CHARGED = e.PaymentCharged(**MONEY, amount_minor=COST)


def refunded(amount: int) -> e.PaymentRefunded:
    return e.PaymentRefunded(**MONEY, amount_minor=amount)


def standing(answer: Answer) -> tuple[str, int, int]:
    order = answer.order
    return order.refund_status, order.balance.granted_minor, order.balance.to_refund_minor


def test_d6_a_refund_is_promised_before_the_money_goes_back() -> None:
    answer = given(PLACE, CHARGED).when(grant(500)).then(granted(500))

    assert standing(answer) == ("granted", 500, 500)
    assert (answer.order.payment_status, answer.order.balance.paid_minor) == ("paid", COST)


def test_d6_without_an_amount_all_that_came_in_is_promised() -> None:
    given(PLACE, CHARGED).when(grant(None)).then(granted(COST))
    given(PLACE, CHARGED, refunded(400)).when(grant(None)).then(granted(COST))
    given(PLACE, CHARGED, e.PaymentChargedBack(**MONEY, amount_minor=400)).when(grant(None)).then(
        granted(COST - 400)
    )


def test_d6_a_refund_uses_up_what_was_promised() -> None:
    refund = c.RefundPayment(**WHO, **MONEY, amount_minor=200)

    some = given(PLACE, CHARGED, granted(500)).when(refund)
    rest = given(PLACE, CHARGED, granted(500), refunded(300)).when(refund)

    assert standing(some) == ("partly_refunded", 500, 300)
    assert standing(rest) == ("partly_refunded", 500, 0)


def test_d6_all_that_came_in_is_refunded_once_it_has_gone_back() -> None:
    refund = c.RefundPayment(**WHO, **MONEY)
    answer = given(PLACE, CHARGED, granted(COST)).when(refund)

    assert standing(answer) == ("refunded", COST, 0)


def test_d6_a_later_promise_replaces_the_one_before_and_nothing_withdraws_it() -> None:
    before = (PLACE, CHARGED, granted(500))

    assert standing(given(*before).when(grant(800)).then(granted(300))) == ("granted", 800, 800)
    assert standing(given(*before).when(grant(200)).then(granted(-300))) == ("granted", 200, 200)
    assert standing(given(*before).when(grant(0)).then(granted(-500))) == ("none", 0, 0)


def test_the_same_promise_again_is_nothing() -> None:
    given(PLACE, CHARGED, granted(500)).when(grant(500)).then_nothing()
    given(PLACE, CHARGED).when(grant(0)).then_nothing()


def test_d6_nobody_promises_more_than_came_in() -> None:
    over = given(PLACE, CHARGED).when(grant(COST + 1)).then_refused("grant_exceeds_paid")
    given(PLACE).when(grant(1)).then_refused("grant_exceeds_paid")
    given(PLACE).when(grant(None)).then_refused("amount_exceeds_paid")

    assert over.unmet[0].needed == f"at most {COST}"


def test_a_promise_is_in_the_currency_of_the_order() -> None:
    given(PLACE, CHARGED).when(grant(COST + 1, "USD")).then_refused(
        "currency_differs", "grant_exceeds_paid"
    )


def test_a_promise_is_no_payment_of_its_own() -> None:
    more = c.SubmitPayment(**WHO, method="card", amount_minor=5, currency="EUR")
    answer = given(PLACE, CHARGED, granted(500)).when(more)

    assert isinstance(answer.events[0], e.PaymentSubmitted)
    assert answer.events[0].payment_id == "payment-2"


def test_p14_a_path_says_who_may_promise_a_refund() -> None:
    rules = {"transitions": [{"to": "granted", "roles": ["lead"]}]}
    path = OrderPath.model_validate(PATH.content | {"payments": rules})
    paid = given(PLACE, CHARGED, paths=(path,))

    paid.when(grant(500)).then_refused("role_missing")
    paid.when(grant(500, "EUR", "lead")).then(granted(500))


def test_a_guard_can_ask_for_promises_that_are_kept() -> None:
    guard = {
        "code": "refund_open",
        "when": "order.refunded_minor >= order.granted_minor && order.refund_status != 'granted'",
        "message": "The customer still waits for money",
    }
    path = OrderPath.model_validate(
        PATH.content | {"transitions": [{"from": "new", "to": "done", "guards": [guard]}]}
    )
    finish = c.ChangeStatus(**WHO, to_status="done")
    promised = (PLACE, CHARGED, granted(500))

    waiting = given(*promised, paths=(path,)).when(finish)
    assert [unmet.code for unmet in waiting.unmet] == [guard["code"]]
    assert given(*promised, refunded(500), paths=(path,)).when(finish).order.status == "done"
