"""What is told of a stream that cannot be read."""

from datetime import timedelta

import pytest

from domain.alerts.alert import Alert
from domain.alerts.damage import alert_of_damage
from domain.alerts.decide import decide
from tests.support.examples import NOW, ORDER_ID

WHY = "position 7 cannot be read: bring it back from a backup."


def test_a_damaged_stream_is_one_alert_a_day_whoever_comes_across_it() -> None:
    first = alert_of_damage("stock-main-TEA", WHY, NOW)
    later = alert_of_damage("stock-main-TEA", WHY, NOW + timedelta(minutes=5))
    other = alert_of_damage("stock-main-TEA", "Version 2 is missing", NOW)
    tomorrow = alert_of_damage("stock-main-TEA", WHY, NOW + timedelta(days=1))

    assert first == later, "the same command, which is answered as before"
    assert first.alert_id == other.alert_id
    assert first.command_id != other.command_id
    assert first.alert_id != tomorrow.alert_id


@pytest.mark.parametrize("stream", [f"{what}-{ORDER_ID}" for what in ("order", "timer", "attempt")])
def test_it_is_about_the_order_so_that_who_does_not_reach_it_hears_nothing(stream: str) -> None:
    alert = alert_of_damage(stream, WHY, NOW)

    assert (alert.order_id, alert.subject) == (ORDER_ID, None)


def test_it_names_no_customer_whom_not_everybody_reaches_who_hears_of_it() -> None:
    why = "position 7 (customer.created.v1 of customer-anna.k) cannot be read: bring it back."
    alert = alert_of_damage("customer-anna.k", why, NOW)
    (decided,) = decide(Alert(), alert, NOW)

    assert "anna" not in decided.event.model_dump_json()
    assert alert.title == "a person cannot be read: what is due of it waits"
    assert alert.details[0].startswith("position 7 (customer.created.v1 of …) cannot be read")


def test_it_says_where_and_what_to_do_however_long_the_name_of_the_stream() -> None:
    alert = alert_of_damage("path-" + "x" * 500, WHY * 100, NOW)
    (decided,) = decide(Alert(), alert, NOW)

    assert alert.details[0].startswith(WHY)
    assert alert.title.endswith("cannot be read: what is due of it waits")
    assert decided.occurred_at == NOW
