"""What auditors ask is answered over HTTP as it is near."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.desks import Far, Near
from services.questions.audit import AuditDay, AuditWho
from services.questions.orders import OrderHistory, WhyOrder
from services.questions.question import Asked
from tests.integration.http.conftest import Shop
from tests.support.served import Served

FOR_EVA = {"X-On-Behalf-Of": "eva"}


@pytest.fixture
def order_id(http: httpx.Client, shop: Shop) -> str:
    """An order that the back office moved for eva, and could not move further."""
    order_id = shop.place()
    for status, code in (("confirmed", 200), ("done", 409)):
        body = {"command": "order.change_status", "order_id": order_id, "to_status": status}
        headers = FOR_EVA | {"Idempotency-Key": str(uuid4())}
        assert http.post("/v1/commands", json=body, headers=headers).status_code == code
    return order_id


def test_d4_who_tells_over_http_what_a_program_did_for_a_person_and_was_refused(
    http: httpx.Client, order_id: str
) -> None:
    answer = http.get("/v1/audit/who", params={"actor": "eva"}).json()

    assert [(one["event"], one["outcome"]) for one in answer["acts"]] == [
        ("attempt.refused.v1", "refused"),
        ("order.status_changed.v1", "done"),
    ]
    assert {(one["actor"]["id"], one["actor"]["on_behalf_of"]) for one in answer["acts"]} == {
        ("back-office", "eva")
    }
    assert answer["acts"][1]["stream"] == f"order-{order_id}"


def test_d4_pages_of_who_follow_each_other_over_http(http: httpx.Client, order_id: str) -> None:
    first = http.get("/v1/audit/who", params={"actor": "eva", "limit": 1}).json()
    second = http.get(
        "/v1/audit/who", params={"actor": "eva", "limit": 1, "before": first["next"]}
    ).json()

    assert (len(first["acts"]), len(second["acts"]), second["next"]) == (1, 1, None)
    assert first["acts"][0]["position"] > second["acts"][0]["position"]


def test_d4_d5_auditors_get_the_same_answer_near_and_far(server: Served, order_id: str) -> None:
    near: Any = Near(server.system, lambda system: system.catch_up())
    asked: tuple[Asked, ...] = (
        WhyOrder(order=order_id),
        OrderHistory(order=order_id),
        AuditWho(actor="eva", kind="api_key"),
        AuditDay(zone="Europe/Berlin"),
    )
    with server.client() as client:
        for one in asked:
            assert Far(client).ask(one) == near.ask(one), one


def test_what_an_auditor_asks_is_bounded(http: httpx.Client) -> None:
    wrong: tuple[tuple[str, dict[str, str]], ...] = (
        ("who", {}),
        ("who", {"actor": "eva", "limit": "1001"}),
        ("who", {"actor": "eva", "kind": "ghost"}),
        ("who", {"actor": "eva", "before": "0"}),
        ("who", {"actor": "eva", "since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        ("day", {"day": "0001-01-01"}),
        ("day", {"day": "9999-12-31"}),
        ("day", {"zone": "../../etc/passwd"}),
        ("day", {"late": "0s"}),
    )

    for what, parameters in wrong:
        answer = http.get(f"/v1/audit/{what}", params=parameters)
        assert answer.status_code in (400, 422), (what, parameters, answer.text)
