"""Payments: people and rules are checked, what a gateway reports has happened."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import ActorKind
from domain.orders import commands as c
from tests.support.examples import COMMANDS, EVENTS, NOW, ORDER_ID, actor
from tests.support.spec import given

PLACE = COMMANDS["order.place"]
SUBMIT = COMMANDS["order.submit_payment"]
MOVEMENTS = {
    c.AuthorisePayment: "order.payment_authorised.v1",
    c.ChargePayment: "order.payment_charged.v1",
    c.RefundPayment: "order.payment_refunded.v1",
    c.ChargeBackPayment: "order.payment_charged_back.v1",
}
Movement = type[c.PaymentCommand]
each_movement = pytest.mark.parametrize("movement", MOVEMENTS, ids=lambda m: m.NAME)
giving_back = pytest.mark.parametrize(
    "movement", [c.RefundPayment, c.ChargeBackPayment], ids=lambda m: m.NAME
)


def pay(movement: Movement, by: ActorKind = "user", **changes: Any) -> c.PaymentCommand:
    body = {"payment_id": "p-1", "amount_minor": 1_650, "currency": "EUR"} | changes
    return movement(command_id=UUID(int=4), actor=actor(by), order_id=ORDER_ID, **body)


CHARGED = (PLACE, SUBMIT, pay(c.ChargePayment))


class TestSubmitPayment:
    def test_d6_a_payment_is_announced(self) -> None:
        answer = given(PLACE).when(SUBMIT)

        answer.then(EVENTS["order.payment_submitted.v1"])
        assert answer.order.payment_status == "submitted"

    def test_a_payment_has_one_amount(self) -> None:
        other = SUBMIT.model_copy(update={"amount_minor": 1})

        given(PLACE, SUBMIT).when(other).then_refused("payment_exists")

    def test_the_currency_is_that_of_the_order(self) -> None:
        dollars = SUBMIT.model_copy(update={"currency": "USD"})

        given(PLACE).when(dollars).then_refused("currency_differs")
        given(PLACE, SUBMIT).when(dollars).then_refused("currency_differs")

    def test_d2_a_refused_payment_names_everything_at_once(self) -> None:
        wrong = SUBMIT.model_copy(
            update={"amount_minor": 1, "currency": "USD", "expected_status": "packed"}
        )

        given(PLACE, SUBMIT).when(wrong).then_refused(
            "status_differs", "currency_differs", "payment_exists"
        )

    def test_the_same_announcement_again_is_nothing(self) -> None:
        given(PLACE, SUBMIT).when(SUBMIT).then_nothing()


@each_movement
class TestEveryMovement:
    def test_d6_a_movement_is_booked(self, movement: Movement) -> None:
        answer = given(*CHARGED).when(pay(movement, gateway_ref="g-1"))

        expected = EVENTS[MOVEMENTS[movement]]
        if movement is c.RefundPayment:
            expected = expected.model_copy(update={"reason_code": None})
        answer.then(expected)

    def test_people_move_payments_that_are_known(self, movement: Movement) -> None:
        codes = [u.code for u in given(PLACE).when(pay(movement)).unmet]

        assert codes[0] == "payment_unknown"

    def test_the_currency_is_that_of_the_order(self, movement: Movement) -> None:
        for by in ("user", "api_key"):
            dollars = pay(movement, by, currency="USD")
            given(*CHARGED).when(dollars).then_refused("currency_differs")

    def test_d6_a_callback_that_comes_twice_is_one_movement(self, movement: Movement) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")

        given(PLACE, callback).when(callback).then_nothing()

    def test_d6_a_late_callback_is_a_fact_and_sets_the_past(self, movement: Movement) -> None:
        late = pay(movement, "api_key", occurred_at=NOW - timedelta(days=2), payment_id="p-9")

        answer = given(PLACE).when(late)

        assert len(answer.events) == 1
        stored = answer.world.stored[-1][1]
        assert stored.occurred_at == NOW - timedelta(days=2)

    def test_people_do_not_set_the_past(self, movement: Movement) -> None:
        early = pay(movement, occurred_at=NOW)

        given(*CHARGED).when(early).then_refused("time_not_allowed")

    def test_nobody_sets_the_future(self, movement: Movement) -> None:
        ahead = pay(movement, "api_key", occurred_at=NOW + timedelta(minutes=9))

        given(*CHARGED).when(ahead).then_refused("time_in_future")


@giving_back
class TestGivingBack:
    def test_d6_nobody_gives_back_more_than_came_in(self, movement: Movement) -> None:
        answer = given(*CHARGED).when(pay(movement, amount_minor=1_651))

        answer.then_refused("amount_exceeds_paid")
        assert answer.unmet[0].needed == "at most 1650"

    def test_d6_what_was_given_back_is_not_given_back_again(self, movement: Movement) -> None:
        given(*CHARGED, pay(movement)).when(pay(movement)).then_refused("amount_exceeds_paid")

    def test_the_money_of_one_payment_is_not_given_back_through_another(
        self, movement: Movement
    ) -> None:
        second = SUBMIT.model_copy(update={"payment_id": "p-2"})

        given(*CHARGED, second).when(pay(movement, payment_id="p-2")).then_refused(
            "amount_exceeds_paid"
        )

    def test_a_rule_is_checked_like_a_person(self, movement: Movement) -> None:
        given(PLACE).when(pay(movement, "trigger")).then_refused(
            "payment_unknown", "amount_exceeds_paid"
        )

    def test_d6_a_gateway_reports_what_happened_however_odd(self, movement: Movement) -> None:
        answer = given(PLACE).when(pay(movement, "api_key"))

        assert answer.order.balance.paid_minor == -1_650
        assert answer.order.payment_status == "not_paid"

    def test_d2_a_refused_movement_names_everything_at_once(self, movement: Movement) -> None:
        given(PLACE).when(pay(movement, currency="USD", expected_status="packed")).then_refused(
            "status_differs", "currency_differs", "payment_unknown", "amount_exceeds_paid"
        )


def test_d6_payments_follow_after_the_order_is_finished() -> None:
    cancelled = (*CHARGED, COMMANDS["order.cancel"])

    assert given(*cancelled).when(pay(c.RefundPayment)).order.payment_status == "refunded"


def test_d6_a_refund_says_why() -> None:
    refund = pay(c.RefundPayment, gateway_ref="g-1", reason_code="bad_quality")

    given(*CHARGED).when(refund).then(EVENTS["order.payment_refunded.v1"])
