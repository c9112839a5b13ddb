"""Payments: people and rules are checked, what a gateway reports has happened."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import ActorKind, Command
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.ledger import secured_minor
from domain.orders.money import MAX_MINOR
from tests.support.examples import COMMANDS, EVENTS, NOW, ORDER_ID, actor
from tests.support.spec import Answer, given

PLACE = COMMANDS["order.place"]
SUBMIT = COMMANDS["order.submit_payment"]
MOVEMENTS = {
    c.AuthorisePayment: "order.payment_authorised.v1",
    c.ChargePayment: "order.payment_charged.v1",
    c.RefundPayment: "order.payment_refunded.v1",
    c.ChargeBackPayment: "order.payment_charged_back.v1",
}
KINDS = {
    c.AuthorisePayment: "authorised",
    c.ChargePayment: "charged",
    c.RefundPayment: "refunded",
    c.ChargeBackPayment: "charged_back",
}
Movement = type[c.PaymentCommand]
each_movement = pytest.mark.parametrize("movement", MOVEMENTS, ids=lambda m: m.NAME)
taking = pytest.mark.parametrize(
    "movement", [c.AuthorisePayment, c.ChargePayment], ids=lambda m: m.NAME
)
giving_back = pytest.mark.parametrize(
    "movement", [c.RefundPayment, c.ChargeBackPayment], ids=lambda m: m.NAME
)


def pay(movement: Movement, by: ActorKind = "user", **changes: Any) -> c.PaymentCommand:
    body = {"payment_id": "p-1", "amount_minor": 1_650, "currency": "EUR"} | changes
    return movement(command_id=UUID(int=4), actor=actor(by), order_id=ORDER_ID, **body)


def left_open(movement: Movement, **changes: Any) -> c.PaymentCommand:
    """A movement of whatever payment fits, by default of all there is."""
    return pay(movement, **{"payment_id": None, "amount_minor": None} | changes)


def told(movement: Movement, ref: str, minor: int) -> c.PaymentCommand:
    """What a gateway tells of no payment in particular."""
    return pay(movement, "api_key", payment_id=None, amount_minor=minor, gateway_ref=ref)


def submitting(**changes: Any) -> Command:
    return SUBMIT.model_copy(update={"installments": None} | changes)


def submitted(payment_id: str, amount_minor: int) -> e.PaymentSubmitted:
    body = {"payment_id": payment_id, "method": "card", "currency": "EUR"}
    return e.PaymentSubmitted(**body, amount_minor=amount_minor)


def annul(version: int) -> c.CorrectFact:
    return c.CorrectFact(
        command_id=UUID(int=5), actor=actor(), order_id=ORDER_ID, version=version, reason="Wrong"
    )


def booked(answer: Answer) -> list[tuple[str, str | None, int]]:
    """Give what a command added to the ledger: kind, payment, minor units."""
    new = answer.order.ledger[-len(answer.events) :]
    return [(entry.kind, entry.payment_id, entry.amount_minor) for entry in new]


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

    def test_d6_what_a_gateway_announces_otherwise_is_a_fact_too(self) -> None:
        gateway = submitting(actor=actor("api_key"), amount_minor=1)

        given(PLACE, SUBMIT).when(gateway).then(submitted("p-1", 1))
        given(PLACE, SUBMIT, gateway).when(gateway).then_nothing()

    def test_d6_what_a_gateway_announces_in_another_currency_is_no_money_of_the_order(self) -> None:
        gateway = submitting(actor=actor("api_key"), currency="JPY")

        answer = given(PLACE).when(gateway)

        assert answer.order.payment_status == "not_paid"
        given(PLACE, gateway).when(gateway).then_nothing()

    def test_d5_an_annulled_announcement_of_a_gateway_does_not_come_back(self) -> None:
        gateway = submitting(actor=actor("api_key"))

        given(PLACE, gateway, annul(2)).when(gateway).then_nothing()
        assert given(PLACE, gateway, annul(2)).when(SUBMIT).events

    def test_without_an_amount_it_is_what_is_still_due(self) -> None:
        rest = submitting(payment_id=None, amount_minor=None)

        answer = given(PLACE, SUBMIT, pay(c.ChargePayment, amount_minor=650)).when(rest)

        answer.then(submitted("payment-2", 1_000))

    def test_nothing_is_announced_when_nothing_is_due(self) -> None:
        given(*CHARGED).when(submitting(payment_id="p-2", amount_minor=None)).then_refused(
            "nothing_due"
        )

    def test_a_new_payment_gets_an_id_that_no_other_has(self) -> None:
        taken = submitting(payment_id="payment-2", amount_minor=1)

        given(PLACE, taken).when(submitting(payment_id=None)).then(submitted("payment-3", 1_650))


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
        given(*CHARGED).when(pay(movement, currency="USD")).then_refused("currency_differs")

    def test_d6_a_callback_in_another_currency_is_a_fact_that_pays_nothing(
        self, movement: Movement
    ) -> None:
        yen = pay(movement, "api_key", currency="JPY", gateway_ref="g-1")

        answer = given(*CHARGED).when(yen)

        assert booked(answer) == [(KINDS[movement], "p-1", 1_650)]
        assert answer.order.payment_status == "paid"
        given(*CHARGED, yen).when(yen).then_nothing()
        euros = given(*CHARGED, yen).when(pay(movement, "api_key", gateway_ref="g-1"))
        assert booked(euros) == [(KINDS[movement], "p-1", 1_650)]

    def test_no_amount_is_chosen_in_another_currency(self, movement: Movement) -> None:
        callback = left_open(movement, by="api_key", payment_id="p-1", currency="JPY")

        assert "currency_differs" in [u.code for u in given(*CHARGED).when(callback).unmet]

    def test_d6_a_callback_that_comes_twice_is_one_movement(self, movement: Movement) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")

        given(PLACE, callback).when(callback).then_nothing()

    def test_d5_an_annulled_movement_does_not_come_back_with_the_next_callback(
        self, movement: Movement
    ) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")

        answer = given(PLACE, callback, annul(2)).when(callback)

        answer.then_nothing()
        assert answer.order.ledger == ()

    @pytest.mark.parametrize("change", [{"payment_id": "p-2"}, {"amount_minor": 1}])
    def test_d6_people_do_not_say_something_else_of_a_known_reference(
        self, movement: Movement, change: dict[str, Any]
    ) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")
        other = pay(movement, gateway_ref="g-1", **change)
        moved = given(PLACE, SUBMIT, submitted("p-2", 1_650), callback).when(other)

        told = [one for one in moved.unmet if one.code == "movement_contradicts"]
        assert "1650 EUR of payment p-1 (event 4)" in told[0].message

    def test_d6_a_contradiction_alone_is_refused_too(self, movement: Movement) -> None:
        again = pay(movement, gateway_ref="g-1", amount_minor=1)

        given(*CHARGED, pay(movement, "api_key", gateway_ref="g-1", amount_minor=2)).when(
            again
        ).then_refused("movement_contradicts")

    def test_d6_another_amount_under_a_known_reference_is_a_further_movement(
        self, movement: Movement
    ) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")
        part = pay(movement, "api_key", gateway_ref="g-1", amount_minor=50)

        answer = given(PLACE, callback).when(part)

        assert booked(answer) == [(KINDS[movement], "p-1", 50)]
        given(PLACE, callback, part).when(part).then_nothing()
        given(PLACE, callback, part).when(callback).then_nothing()

    def test_d6_the_same_movement_under_another_payment_is_nothing_new(
        self, movement: Movement
    ) -> None:
        callback = pay(movement, "api_key", gateway_ref="g-1")

        given(PLACE, callback).when(
            pay(movement, "api_key", gateway_ref="g-1", payment_id="p-2")
        ).then_nothing()

    @pytest.mark.parametrize("by", ["api_key", "import", "system"])
    def test_d6_what_a_gateway_tells_of_no_known_payment_is_one_of_its_own(
        self, movement: Movement, by: ActorKind
    ) -> None:
        callback = pay(movement, by, payment_id=None, amount_minor=70, gateway_ref="g-1")

        assert booked(given(PLACE).when(callback)) == [(KINDS[movement], "payment-1", 70)]
        assert booked(given(PLACE, SUBMIT).when(callback)) == [(KINDS[movement], "payment-2", 70)]
        given(PLACE, callback).when(callback).then_nothing()

    def test_d5_the_right_movement_follows_on_the_annulled_one(self, movement: Movement) -> None:
        wrong = pay(movement, "api_key", gateway_ref="g-1", amount_minor=1)
        right = pay(movement, "api_key", gateway_ref="g-1")

        answer = given(PLACE, wrong, annul(2)).when(right)

        assert booked(answer) == [(KINDS[movement], "p-1", 1_650)]
        given(PLACE, wrong, annul(2), right).when(wrong).then_nothing()

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


@taking
class TestTaking:
    def test_d6_a_gateway_takes_what_waits_for_it_of_equal_ones_the_first(
        self, movement: Movement
    ) -> None:
        first, second = (told(movement, ref, 70) for ref in ("g-1", "g-2"))
        one, two = submitted("p-1", 70), submitted("p-2", 70)

        assert booked(given(PLACE, one).when(first))[0][1] == "p-1"
        assert booked(given(PLACE, one, two).when(first))[0][1] == "p-1"
        assert booked(given(PLACE, one, two, first).when(second))[0][1] == "p-2"

    def test_d6_what_a_gateway_tells_under_a_known_reference_is_of_the_same_payment(
        self, movement: Movement
    ) -> None:
        others = (submitted("p-1", 70), told(c.AuthorisePayment, "g-1", 50))

        answer = given(PLACE, *others).when(told(movement, "g-1", 70))

        assert booked(answer) == [(KINDS[movement], "payment-2", 70)]

    def test_by_default_it_is_what_is_still_due(self, movement: Movement) -> None:
        part = pay(c.ChargePayment, amount_minor=650)

        answer = given(PLACE, SUBMIT, part).when(left_open(movement, payment_id="p-1"))

        assert booked(answer) == [(KINDS[movement], "p-1", 1_000)]

    def test_the_payment_that_waits_for_this_amount_is_meant(self, movement: Movement) -> None:
        other = submitting(payment_id="p-2", amount_minor=10)

        answer = given(PLACE, other, SUBMIT).when(left_open(movement, method="card"))

        assert booked(answer) == [(KINDS[movement], "p-1", 1_650)]

    def test_of_several_that_wait_nobody_guesses_which_is_meant(self, movement: Movement) -> None:
        second = submitting(payment_id="p-2")

        answer = given(PLACE, SUBMIT, second).when(left_open(movement))

        answer.then_refused("payment_ambiguous")
        assert answer.unmet[0].needed == "one of p-1, p-2"

    @pytest.mark.parametrize("payment_id", [None, "payment-1"])
    def test_a_method_announces_what_nobody_announced(
        self, movement: Movement, payment_id: str | None
    ) -> None:
        answer = given(PLACE).when(left_open(movement, payment_id=payment_id, method="card"))

        assert answer.events[0] == submitted("payment-1", 1_650)
        assert booked(answer)[1:] == [(KINDS[movement], "payment-1", 1_650)]

    def test_money_that_waits_in_another_currency_is_not_meant(self, movement: Movement) -> None:
        yen = submitting(actor=actor("api_key"), currency="JPY")

        given(PLACE, yen).when(left_open(movement)).then_refused("payment_unknown")

    def test_without_a_method_only_what_waits_is_moved(self, movement: Movement) -> None:
        given(PLACE).when(left_open(movement)).then_refused("payment_unknown")

    def test_nothing_is_due_once_all_is_paid(self, movement: Movement) -> None:
        given(*CHARGED).when(left_open(movement, method="card")).then_refused("nothing_due")

    def test_d6_what_we_sent_back_is_not_due_again(self, movement: Movement) -> None:
        back = pay(c.RefundPayment, amount_minor=650)

        answer = given(*CHARGED, back).when(left_open(movement, method="card"))

        answer.then_refused("nothing_due")
        assert "1000 of 1650 minor units are paid, 650 were sent back" in answer.unmet[0].message

    def test_d6_what_the_bank_took_back_is_due_again(self, movement: Movement) -> None:
        back = (pay(c.ChargeBackPayment, amount_minor=650), pay(c.RefundPayment, amount_minor=500))

        answer = given(*CHARGED, *back).when(left_open(movement, method="card"))

        assert booked(answer)[-1] == (KINDS[movement], "payment-2", 650)

    def test_no_more_is_due_than_the_order_costs(self, movement: Movement) -> None:
        odd = pay(c.RefundPayment, "api_key", payment_id="p-9", amount_minor=MAX_MINOR)

        answer = given(PLACE, SUBMIT, odd).when(left_open(movement))

        assert booked(answer) == [(KINDS[movement], "p-1", 1_650)]


class TestChargingWhatIsAuthorised:
    def test_d6_a_charge_goes_to_the_authorised_payment_before_the_announced_one(self) -> None:
        authorised = pay(c.AuthorisePayment, "api_key", payment_id="p-2", amount_minor=70)

        answer = given(PLACE, submitted("p-1", 70), authorised).when(
            told(c.ChargePayment, "g-2", 70)
        )

        assert booked(answer) == [("charged", "p-2", 70)]

    def test_d6_a_part_goes_to_the_one_payment_that_is_authorised_for_more(self) -> None:
        one, other = (told(c.AuthorisePayment, ref, 70) for ref in ("g-1", "g-2"))
        part, rest = told(c.ChargePayment, "g-3", 30), told(c.ChargePayment, "g-4", 40)

        assert booked(given(PLACE, one, part).when(rest)) == [("charged", "payment-1", 40)]
        assert booked(given(PLACE, one, other).when(part)) == [("charged", "payment-3", 30)]

    def test_d6_what_came_in_of_an_authorised_payment_is_secured_once(self) -> None:
        took = (told(c.AuthorisePayment, "g-1", 70), told(c.ChargePayment, "g-1", 70))

        order = given(PLACE, took[0]).when(took[1]).order

        assert secured_minor(order.ledger, "EUR") == 70


@giving_back
class TestGivingBack:
    def test_d6_nobody_gives_back_what_a_return_of_its_own_has_taken_already(
        self, movement: Movement
    ) -> None:
        early = told(c.RefundPayment, "r-1", 1_000)
        came_in = (early, told(c.ChargePayment, "c-1", 1_650))

        answer = given(PLACE, *came_in).when(pay(movement, payment_id="payment-2"))

        answer.then_refused("amount_exceeds_paid")
        assert answer.unmet[0].needed == "at most 650"
        all_of_it = given(PLACE, *came_in).when(left_open(movement))
        assert booked(all_of_it) == [(KINDS[movement], "payment-2", 650)]
        given(PLACE, *came_in, left_open(movement)).when(left_open(movement)).then_refused(
            "amount_exceeds_paid"
        )

    def test_d6_a_gateway_gives_back_from_what_fits_and_guesses_nothing(
        self, movement: Movement
    ) -> None:
        callback = pay(movement, "api_key", payment_id=None, amount_minor=650, gateway_ref="g-1")
        other = (submitted("p-2", 650), pay(c.ChargePayment, payment_id="p-2", amount_minor=650))
        third = (submitted("p-3", 650), pay(c.ChargePayment, payment_id="p-3", amount_minor=650))

        assert booked(given(*CHARGED).when(callback))[0][1] == "p-1"
        assert booked(given(*CHARGED, *other).when(callback))[0][1] == "p-2"
        assert booked(given(*CHARGED, *other, *third).when(callback))[0][1] == "payment-4"

    def test_by_default_it_is_all_that_the_one_paid_payment_holds(self, movement: Movement) -> None:
        unpaid = submitting(payment_id="p-2")

        answer = given(PLACE, unpaid, SUBMIT, pay(c.ChargePayment)).when(left_open(movement))

        assert booked(answer) == [(KINDS[movement], "p-1", 1_650)]

    @pytest.mark.parametrize("amount_minor", [None, 10])
    def test_of_several_that_hold_enough_nobody_guesses_which_is_meant(
        self, movement: Movement, amount_minor: int | None
    ) -> None:
        second = (submitting(payment_id="p-2"), pay(c.ChargePayment, payment_id="p-2"))
        wish = left_open(movement, amount_minor=amount_minor)

        given(*CHARGED, *second).when(wish).then_refused("payment_ambiguous")

    def test_where_nothing_is_held_nothing_goes_back(self, movement: Movement) -> None:
        for wish in (left_open(movement), pay(movement, amount_minor=None)):
            given(PLACE, SUBMIT).when(wish).then_refused("amount_exceeds_paid")

    def test_more_than_any_payment_holds_is_told_the_most(self, movement: Movement) -> None:
        answer = given(*CHARGED).when(left_open(movement, amount_minor=1_651))

        answer.then_refused("amount_exceeds_paid")
        assert answer.unmet[0].needed == "at most 1650"

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
