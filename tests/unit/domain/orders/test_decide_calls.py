"""Calls about an order: who called whom, what came of it, how long they talked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.call_events import Direction
from domain.orders.decide_calls import MAX_CALLS
from domain.paths.path import OrderPath
from tests.support.examples import COMMANDS, NOW, ORDER_ID, PATH, actor
from tests.support.spec import STEP, given

PLACE = COMMANDS["order.place"]
WHO: dict[str, Any] = {"command_id": UUID(int=6), "actor": actor(), "order_id": ORDER_ID}
THREE_CALLS = "three_calls"  # a code of the path in these tests
TELEPHONY: dict[str, Any] = {**WHO, "actor": actor("api_key")}


def called(
    result: str = "reached",
    *,
    talked: int = 0,
    at: datetime = NOW + STEP,
    direction: Direction = "outgoing",
    operator: str | None = "ann",
) -> e.CallLogged:
    return e.CallLogged(
        direction=direction, result=result, started_at=at, talk_seconds=talked, operator=operator
    )


def test_p24_whoever_calls_logs_it_when_they_hang_up() -> None:
    answer = given(PLACE).when(c.LogCall(**WHO, result="reached", talk_seconds=40))

    answer.then(called(talked=40, at=NOW + STEP - timedelta(seconds=40)))
    assert answer.order.calls == 1


def test_p24_a_telephony_program_says_who_called_and_when() -> None:
    before = NOW - timedelta(hours=2)
    told = c.LogCall(
        **TELEPHONY, direction="incoming", result="reached", talk_seconds=70, started_at=before,
        occurred_at=before, operator="olga",
    )  # fmt: skip

    answer = given(PLACE).when(told)

    answer.then(called(talked=70, at=before, direction="incoming", operator="olga"))
    assert answer.world.stored[-1][1].fact_id is not None


def test_p24_a_call_at_the_beginning_of_time_began_there() -> None:
    first = datetime.min.replace(tzinfo=UTC)
    told = c.LogCall(**TELEPHONY, result="reached", talk_seconds=70, occurred_at=first)

    given(PLACE).when(told).then(called(talked=70, at=first, operator=None))


def test_p24_a_call_that_nobody_answered_has_no_operator() -> None:
    missed = c.LogCall(**TELEPHONY, direction="incoming", result="no_answer")

    given(PLACE).when(missed).then(called("no_answer", direction="incoming", operator=None))


def test_p24_nobody_logs_calls_for_others() -> None:
    own = c.LogCall(**WHO, result="busy", operator="ann")
    given(PLACE).when(own).then(called("busy"))

    others = own.model_copy(update={"operator": "olga"})
    assert given(PLACE).when(others).then_refused("operator_differs").fields == ["operator"]


@pytest.mark.parametrize("who", [WHO, TELEPHONY])
def test_p24_no_call_begins_in_the_future(who: dict[str, Any]) -> None:
    later = c.LogCall(**who, result="reached", started_at=NOW + timedelta(hours=1))

    assert given(PLACE).when(later).then_refused("time_in_future").fields == ["started_at"]


def test_p24_a_call_is_logged_also_when_the_order_has_ended() -> None:
    given(PLACE, COMMANDS["order.cancel"]).when(c.LogCall(**WHO, result="busy")).then(
        called("busy", at=NOW + 2 * STEP)
    )


def test_p24_every_call_counts_up_to_a_limit() -> None:
    many = [called("no_answer")] * MAX_CALLS

    answer = given(PLACE, *many).when(c.LogCall(**WHO, result="no_answer"))

    answer.then_refused("too_many_calls")
    assert answer.order.calls == MAX_CALLS


def test_p24_there_is_no_call_about_an_order_that_is_not_there() -> None:
    given().when(c.LogCall(**WHO, result="reached")).then_refused("order_unknown")


def test_p24_a_path_may_ask_how_often_was_called() -> None:
    three_calls = {"code": THREE_CALLS, "when": "order.calls >= 3", "message": "Call first"}
    path = OrderPath.model_validate(
        PATH.content
        | {"transitions": [{"from": "new", "to": "confirmed", "guards": [three_calls]}]}
    )
    agree = c.ChangeStatus(**WHO, to_status="confirmed")

    given(PLACE, *[called("busy")] * 2, paths=[path]).when(agree).then_refused(THREE_CALLS)
    assert given(PLACE, *[called("busy")] * 3, paths=[path]).when(agree).order.status == "confirmed"
