"""P10, P11: whoever is to know of a deadline is alerted in the decision that it has passed."""

from datetime import datetime

import pytest

from domain.alerts.deadlines import alert_id_of
from domain.alerts.events import AlertRaised
from domain.orders import commands as c
from tests.support.examples import ORDER_ID
from tests.support.spec import Answer
from tests.unit.domain.orders.test_decide_deadlines import (
    DUE,
    LATER,
    PLACE,
    TWICE,
    WARN,
    a,
    passes,
    snooze,
    who,
)


def alerts(answer: Answer) -> list[AlertRaised]:
    return [one for one in answer.events if isinstance(one, AlertRaised)]


@pytest.mark.parametrize(
    ("holder", "level", "due_at", "told"),
    [
        ({"user": "ann", "group": "managers"}, "warn", WARN, ("ann", None)),
        ({"group": "sellers"}, "due", DUE, (None, "sellers")),
        (None, "due", DUE, (None, "managers")),
        ({"user": "ann"}, "escalate_200", TWICE, ("dora", None)),
        ({"user": "ann"}, "due", DUE, ("ann", None)),
    ],
)
def test_p11_the_holder_is_alerted_and_at_an_escalation_whom_the_path_names(
    holder: dict[str, str] | None,
    level: str,
    due_at: datetime,
    told: tuple[str | None, str | None],
) -> None:
    history = (PLACE, c.AssignOwner(**who(), **holder)) if holder else (PLACE,)

    (alert,) = alerts(a(*history).at(due_at).when(passes(level, due_at)))

    assert (alert.user, alert.group) == told
    assert (alert.kind, alert.level, alert.order_id) == ("deadline", level, ORDER_ID)
    assert alert.since == due_at
    assert alert.alert_id == alert_id_of(ORDER_ID, 1, level)


def test_p11_all_whom_the_path_names_for_an_escalation_are_alerted() -> None:
    both = {"user": "dora", "group": "leads"}

    (alert,) = alerts(a(PLACE, escalated=both).at(TWICE).when(passes("escalate_200", TWICE)))

    assert (alert.user, alert.group) == ("dora", "leads")


def test_p11_where_nobody_is_named_and_nobody_holds_the_order_nobody_is_alerted() -> None:
    answer = a(PLACE, owner=None).at(DUE).when(passes("due", DUE))

    assert answer.events
    assert alerts(answer) == []


def test_p11_what_has_not_passed_alerts_nobody() -> None:
    a(PLACE).at(WARN).when(passes("due", DUE)).then_nothing()


def test_p11_a_limit_that_was_put_off_alerts_anew() -> None:
    scenario = a(PLACE).at(DUE)
    first = scenario.when(passes("due", DUE))
    scenario.when(snooze())
    second = scenario.at(LATER).when(passes("due", LATER))

    assert [one.alert_id for answer in (first, second) for one in alerts(answer)] == [
        alert_id_of(ORDER_ID, 1, "due"),
        alert_id_of(ORDER_ID, 3, "due"),
    ]
