"""The ready-made path of an online shop: what it allows, and what it never will (R1-R3, P8, P9)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from domain.messages import Actor
from domain.orders.commands import ChangeStatus
from domain.orders.guards import role_may
from domain.orders.moves import (
    reasons_are_given,
    rule_of,
    status_is_known,
    transition_is_allowed,
)
from domain.paths.limits import deadlines_from
from domain.paths.path import OrderPath
from infra.path_files import load_preset

ROUTE = (
    "new",
    "confirmed",
    "awaiting_payment",
    "paid",
    "assembling",
    "assembled",
    "handed_over",
    "delivering",
    "at_pickup_point",
    "delivered",
    "done",
)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def path() -> OrderPath:
    return load_preset("universal")


def reachable(path: OrderPath, starts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    ahead = list(starts)
    while ahead:
        status = ahead.pop()
        if status not in found:
            found.add(status)
            ahead += path.moves_from(status)
    return found


def refusals(  # The codes of everything that stands against a move.
    path: OrderPath, source: str, target: str, *roles: str, **said: str
) -> list[str]:
    command = ChangeStatus(
        command_id=UUID(int=1),
        order_id=UUID(int=2),
        actor=Actor(kind="user", id="somebody", roles=roles),
        to_status=target,
        **said,
    )
    unmet = [*status_is_known(path, target)]
    if not unmet:
        unmet += transition_is_allowed(path, source, target)
        unmet += role_may(rule_of(path, source, target).roles, command.actor)
        unmet += reasons_are_given(path, source, target, command)
    return [condition.code for condition in unmet]


def test_it_has_the_six_stages_of_a_shop(path: OrderPath) -> None:
    assert path.stages == ("new", "agreement", "assembly", "delivery", "done", "cancelled")
    assert {status.stage for status in path.statuses.values()} == set(path.stages)


@pytest.mark.parametrize("target", ["done", "delivering", "delivered", "assembled", "returned"])
def test_a_new_order_cannot_jump_ahead(path: OrderPath, target: str) -> None:
    assert target not in path.moves_from("new")
    everybody = ("manager", "warehouse", "courier", "lead", "client", "gateway", "carrier")
    assert "transition_not_allowed" in refusals(path, "new", target, *everybody)


def test_only_a_delivered_order_can_be_done(path: OrderPath) -> None:
    assert [source for source, target in path.matrix if target == "done"] == ["delivered"]


def test_the_main_route_leads_from_new_to_done(path: OrderPath) -> None:
    for source, target in pairwise(ROUTE):
        transition = path.matrix[source, target]
        assert refusals(path, source, target, *transition.roles) == []


def test_payment_on_delivery_needs_no_payment_before_assembly(path: OrderPath) -> None:
    assert refusals(path, "confirmed", "assembling", "warehouse") == []


def test_exactly_the_allowed_moves_are_offered(path: OrderPath) -> None:
    for source in path.statuses:
        allowed = [t for t in path.statuses if not list(transition_is_allowed(path, source, t))]
        assert list(path.moves_from(source)) == allowed


def test_the_moves_offered_on_a_new_order(path: OrderPath) -> None:
    offered = ("no_answer", "confirmed", "awaiting_payment", "cancelled")
    assert path.moves_from("new") == offered


def test_every_status_can_be_reached(path: OrderPath) -> None:
    assert reachable(path, [start.status for start in path.initial]) == set(path.statuses)


def test_every_open_status_leads_to_success_and_to_failure(path: OrderPath) -> None:
    for code, status in path.statuses.items():
        if status.final is None:
            ends = {path.statuses[end].final for end in reachable(path, [code])}
            assert {"success", "failure"} <= ends, code


def test_every_status_says_what_to_do_and_who_does_it(path: OrderPath) -> None:
    for code, status in path.statuses.items():
        assert status.stage in path.stages, code
        assert status.owner, code
        assert status.description, code
        assert status.color, code
        assert status.icon, code
        assert set(status.title) == set(status.public_label) == {"en", "ru"}, code


def test_exactly_the_open_statuses_have_a_limit_with_warning_and_escalation(
    path: OrderPath,
) -> None:
    for code, status in path.statuses.items():
        if status.final is not None:
            assert status.limit is None, code
            continue
        assert status.limit, code
        assert status.limit.warn, code
        assert status.limit.escalate, code


def test_a_new_order_is_due_after_ten_minutes(path: OrderPath) -> None:
    deadlines = deadlines_from(path.statuses["new"].limit, NOW)

    assert {level: at - NOW for level, at in deadlines} == {
        "warn": timedelta(minutes=5),
        "due": timedelta(minutes=10),
        "escalate_100": timedelta(minutes=10),
        "escalate_200": timedelta(minutes=20),
    }


def test_every_way_into_failure_asks_for_a_reason_and_who_wanted_it(path: OrderPath) -> None:
    for (source, target), transition in path.matrix.items():
        if path.statuses[target].final == "failure":
            assert {"reason_code", "initiator"} <= set(transition.require), (source, target)
            assert transition.reasons, (source, target)


def test_an_order_is_cancelled_with_a_known_reason_only(path: OrderPath) -> None:
    said = {"initiator": "client", "reason_code": "found_cheaper"}
    assert refusals(path, "new", "cancelled", "client", **said) == []
    assert refusals(path, "new", "cancelled", "client") == [
        "reason_code_required",
        "initiator_required",
    ]
    said["reason_code"] = "bad_weather"
    assert refusals(path, "new", "cancelled", "client", **said) == ["reason_code_unknown"]


def test_every_open_status_can_be_cancelled_the_late_ones_by_a_lead_only(path: OrderPath) -> None:
    open_ones = [code for code, status in path.statuses.items() if status.final is None]
    for code in open_ones:
        assert (code, "cancelled") in path.matrix, code
    for code in ("handed_over", "delivering", "at_pickup_point", "delivered"):
        assert path.matrix[code, "cancelled"].roles == ("lead",)


def test_an_order_that_is_cancelled_without_a_status_becomes_cancelled(path: OrderPath) -> None:
    assert path.first_failure == "cancelled"


def test_only_a_lead_brings_a_cancelled_order_back_and_says_why(path: OrderPath) -> None:
    assert path.moves_from("cancelled") == ("new",)
    assert refusals(path, "cancelled", "new", "manager") == ["role_missing", "reason_required"]
    assert refusals(path, "cancelled", "new", "lead", reason="The client called again") == []


def test_what_has_come_back_stays_closed(path: OrderPath) -> None:
    assert path.moves_from("not_bought_out") == path.moves_from("returned") == ()
    assert path.moves_from("done") == ("returned",)
