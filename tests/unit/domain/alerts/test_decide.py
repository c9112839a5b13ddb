"""P10, P11: an alert is shown to those who are to know, until somebody acknowledges it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.alerts import commands as c
from domain.alerts import events as e
from tests.support.examples import ALERT_ID, NOW, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "alert_id": ALERT_ID}
RAISED = e.AlertRaised(
    alert_id=ALERT_ID, kind="rule", level="notice", title="Look here", group="leads", since=NOW
)
SEE = c.AcknowledgeAlert(**WHO, note="I call them")
SEEN = e.AlertAcknowledged(note="I call them")


def tell(**more: Any) -> c.RaiseAlert:
    return c.RaiseAlert(**{**WHO, "kind": "rule", "title": "Look here", "group": "leads", **more})


class TestRaise:
    def test_it_is_raised_for_whoever_is_named_and_stands_since_now(self) -> None:
        answer = given().when(tell()).then(RAISED)

        assert not answer.world.alert.acknowledged

    def test_what_has_been_so_for_long_says_since_when(self) -> None:
        since = NOW - timedelta(days=5_000)

        given().when(tell(since=since)).then(RAISED.model_copy(update={"since": since}))

    def test_raised_twice_is_nothing_also_when_it_is_acknowledged(self) -> None:
        given(RAISED).when(tell()).then_nothing()
        given(RAISED, SEE).when(tell()).then_nothing()

    def test_everything_that_is_wrong_with_it_is_told(self) -> None:
        wrong = tell(group=None, expected_status="new", occurred_at=NOW - timedelta(days=1))

        given().when(wrong).then_refused("status_differs", "time_not_allowed", "alert_for_nobody")


class TestAcknowledge:
    def test_p11_the_first_who_acknowledges_stands(self) -> None:
        answer = given(RAISED).when(SEE).then(SEEN)

        assert answer.world.alert.acknowledged
        given(RAISED, SEE).when(SEE.model_copy(update={"note": None})).then_nothing()

    def test_what_was_never_raised_is_not_acknowledged(self) -> None:
        given().when(SEE).then_refused("alert_unknown")
