"""A message is sent once, failed until it is dead, sent again or dropped; nonsense is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.alerts.events import AlertRaised
from domain.effects import commands as c
from domain.effects import endpoints as p
from domain.effects import events as e
from domain.effects.effect import Effect
from domain.effects.retries import DELAYS, JITTER, next_try
from domain.messages import Command
from tests.support.examples import COMMANDS, NOW, actor
from tests.support.outgoing import EFFECT_ID, PUBLISHED, request
from tests.support.spec import Answer, Scenario, given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor("system")}
WHICH: dict[str, Any] = {**WHO, "effect_id": EFFECT_ID}
REQUESTED = request()
SENT = c.MarkSent(**WHICH, attempt=1)
DEAD = c.MarkFailed(**WHICH, attempt=1, reason_code="no_contact", error="no e-mail address")
LATER = DEAD.model_copy(update={"next_at": NOW + timedelta(minutes=5)})
RESEND = c.ResendEffect(**WHICH)
DROP = c.DropEffect(**WHICH, reason_code="told_by_phone")


def asked(*steps: Command) -> Scenario:
    return given(PUBLISHED, REQUESTED, *steps)


def effect_after(answer: Answer) -> Effect:
    found = answer.world.state(f"effect-{EFFECT_ID}")
    assert isinstance(found, Effect)
    return found


class TestRequest:
    def test_a_message_pins_the_version_of_its_template(self) -> None:
        (event,) = given(PUBLISHED).when(REQUESTED).events

        assert isinstance(event, e.EffectRequested)
        assert event.template_version == 1
        assert event.to == REQUESTED.to

    def test_a_message_is_asked_for_once(self) -> None:
        asked().when(request()).then_refused("effect_exists")

    def test_the_customer_named_is_whose_data_it_holds(self) -> None:
        assert effect_after(given(PUBLISHED).when(REQUESTED)).subject_id == "c-7"

    def test_a_template_that_nobody_published_is_refused(self) -> None:
        given().when(request(expected_status="new")).then_refused(
            "status_differs", "template_unknown"
        )

    def test_a_template_for_mails_makes_no_sms(self) -> None:
        given(PUBLISHED).when(request(channel="sms")).then_refused("template_of_other_channel")

    def test_a_template_that_speaks_of_an_order_needs_one(self) -> None:
        given(PUBLISHED).when(request(order_id=None)).then_refused("template_without_subject")

    def test_a_webhook_needs_an_endpoint_and_nothing_else(self) -> None:
        hook = request(channel="webhook", to=None, template=None, endpoint="erp")

        assert given().when(hook).unmet == ()
        answer = given(PUBLISHED).when(request(channel="webhook"))
        answer.then_refused(
            "effect_unfit", "effect_unfit", "effect_unfit", "template_of_other_channel"
        )
        assert answer.fields[:3] == ["endpoint", "to", "template"]

    @pytest.mark.parametrize(
        ("to", "field"),
        [
            ({"kind": "user"}, "to.who"),
            ({"kind": "group"}, "to.who"),
            ({"kind": "address"}, "to.address"),
        ],
    )
    def test_whoever_is_told_is_named(self, to: dict[str, str], field: str) -> None:
        answer = given(PUBLISHED).when(request(to=to)).then_refused("recipient_unnamed")

        assert answer.fields == [field]

    def test_the_owner_of_no_order_and_the_customer_of_nothing_are_nobody(self) -> None:
        for kind, field in (("owner", "order_id"), ("customer", "to.customer_id")):
            answer = given(PUBLISHED).when(request(to={"kind": kind}, order_id=None))

            assert answer.fields[0] == field


class TestOutcome:
    def test_a_message_that_was_sent_is_not_sent_twice(self) -> None:
        answer = asked().when(SENT).then(e.EffectSent(attempt=1))

        assert effect_after(answer).state == "sent"
        asked(SENT).when(SENT).then_refused("effect_sent", "attempt_not_next")
        again = SENT.model_copy(update={"attempt": 2})
        asked(SENT).when(again).then_refused("effect_sent")

    def test_what_was_dropped_on_its_way_and_went_out_stands_as_sent(self) -> None:
        """The customer has it: the ledger must not deny that."""
        answer = asked(DROP).when(SENT).then(e.EffectSent(attempt=1))

        assert effect_after(answer).state == "sent"

    def test_nothing_is_tried_after_it_was_dropped(self) -> None:
        asked(DROP).when(LATER).then_refused("effect_dropped")
        asked(DROP).when(RESEND).then_refused("effect_dropped")
        asked(DROP).when(DROP).then_nothing()

    def test_an_attempt_counts_once_whoever_tells_of_it(self) -> None:
        asked(LATER).when(SENT).then_refused("attempt_not_next")
        second = SENT.model_copy(update={"attempt": 2})
        asked(LATER).when(second).then(e.EffectSent(attempt=2))

    def test_a_dead_message_is_sent_again_only_when_somebody_says_so(self) -> None:
        second = SENT.model_copy(update={"attempt": 2})
        asked(DEAD).when(second).then_refused("effect_dead")
        asked(DEAD, RESEND).when(second).then(e.EffectSent(attempt=2))

    def test_what_was_sent_may_be_sent_again_on_purpose(self) -> None:
        answer = asked(SENT).when(RESEND).then(e.EffectResent())

        effect = effect_after(answer)
        assert (effect.state, effect.tries, effect.resends) == ("pending", 0, 1)
        asked(SENT, RESEND).when(RESEND).then_nothing()

    def test_what_was_sent_is_not_dropped(self) -> None:
        asked(SENT).when(DROP).then_refused("effect_sent")

    def test_what_nobody_asked_for_is_unknown(self) -> None:
        given().when(SENT).then_refused("effect_unknown")


class TestRetries:
    @drawn(st.integers(1, len(DELAYS)), st.floats(0, 1))
    def test_the_next_try_is_later_by_the_schedule_and_its_jitter(
        self, tries: int, chance: float
    ) -> None:
        at = next_try(tries, NOW, chance)

        assert at is not None
        assert abs(at - NOW - DELAYS[tries - 1]) <= DELAYS[tries - 1] * JITTER

    def test_behind_the_last_try_a_message_is_dead(self) -> None:
        assert next_try(len(DELAYS) + 1, NOW, 0.5) is None

    def test_the_other_side_may_ask_for_a_day_and_no_more(self) -> None:
        at = next_try(1, NOW, 0.5, timedelta(days=365))

        assert at == NOW + timedelta(days=1)


class TestEndpoints:
    def test_an_endpoint_is_paused_and_goes_on_each_once(self) -> None:
        pause = COMMANDS["endpoint.pause"]
        resume = COMMANDS["endpoint.resume"]

        paused, alert = given().when(pause).events
        assert paused == p.EndpointPaused(endpoint="erp", failures=10)
        assert isinstance(alert, AlertRaised)
        assert (alert.kind, alert.group, alert.subject) == (
            "endpoint_paused", "admins", "endpoint-erp",
        )  # fmt: skip
        assert alert.title == (
            "Endpoint erp failed 10 times in a row and is paused: what is for it waits"
        )
        given(pause).when(pause).then_nothing()
        given(pause).when(resume).then(p.EndpointResumed(endpoint="erp"))
        by_hand = pause.model_copy(update={"failures": None})
        given().when(by_hand).then(p.EndpointPaused(endpoint="erp"))
        _, another = given(pause, resume).when(pause).events
        assert isinstance(another, AlertRaised)
        assert another.alert_id != alert.alert_id
        given().when(resume).then_nothing()
        given().when(resume.model_copy(update={"expected_status": "x"})).then_refused(
            "status_differs"
        )
