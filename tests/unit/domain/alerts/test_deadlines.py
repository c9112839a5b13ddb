"""P10, P11: the alert of a time limit says who is to know, what, and since when."""

from uuid import UUID

from domain.alerts.deadlines import alert_id_of, raised
from domain.orders.time_left import Deadline
from tests.support.examples import NOW, ORDER_ID


def test_p11_each_level_of_a_stay_has_an_alert_of_its_own() -> None:
    ids = {
        alert_id_of(order_id, entered, level)
        for order_id in (ORDER_ID, UUID(int=99))
        for entered in (1, 11)
        for level in ("warn", "due", "escalate_200")
    }

    assert len(ids) == 12
    assert alert_id_of(ORDER_ID, 1, "due") in ids


def test_p11_the_alert_of_a_deadline_says_whom_it_is_for_and_since_when() -> None:
    late = raised(
        ORDER_ID, 1, status="new", deadline=Deadline("escalate_200", NOW), to={"user": "director"}
    )

    assert late.alert_id == alert_id_of(ORDER_ID, 1, "escalate_200")
    assert (late.kind, late.level, late.order_id) == ("deadline", "escalate_200", ORDER_ID)
    assert (late.user, late.group, late.since) == ("director", None, NOW)
    assert late.title == "new: 200 % of the time limit has passed"


def test_p10_each_level_has_its_words() -> None:
    titles = [
        raised(
            ORDER_ID, 1, status="new", deadline=Deadline(level, NOW), to={"group": "leads"}
        ).title
        for level in ("warn", "due")
    ]

    assert titles == ["new: the time limit is near", "new: the time limit has passed"]
