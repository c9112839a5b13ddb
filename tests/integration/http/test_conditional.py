"""Conditions of HTTP: If-Match, If-None-Match, and what a HEAD tells."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.http.conftest import Shop
from tests.support.served import Served

ANY = {"If-Match": "*"}


def _note(order_id: str) -> dict[str, Any]:
    return {"command": "order.add_note", "order_id": order_id, "text": "Call"}


def test_if_match_any_is_412_where_there_is_no_such_order_and_nothing_is_done(
    http: httpx.Client, shop: Shop
) -> None:
    there, missing = shop.place(), str(uuid4())
    line = {"item_id": "1", "sku": "TEA", "title": "Tea", "quantity": 1, "unit_price_minor": 450}
    new = {"command": "order.place", "order_id": missing, "currency": "EUR", "lines": [line]}

    def send(body: dict[str, Any]) -> httpx.Response:
        return http.post(
            "/v1/commands", json=body, headers={**ANY, "Idempotency-Key": str(uuid4())}
        )

    late = [send(_note(missing)), send(new)]

    assert [(one.status_code, one.json()["code"]) for one in late] == [(412, "version_differs")] * 2
    assert send(_note(there)).status_code == 200
    assert http.get(f"/v1/orders/{missing}").status_code == 404


def test_if_match_any_of_what_is_no_order_asks_for_a_version(http: httpx.Client) -> None:
    task = {"command": "task.create", "task_id": str(uuid4()), "title": "Call", "group": "desk"}

    answer = http.post("/v1/commands", json=task, headers={**ANY, "Idempotency-Key": "k"})

    assert (answer.status_code, answer.json()["code"]) == (400, "not_readable")


def test_if_match_of_a_batch_is_refused_as_it_would_not_be_kept(
    http: httpx.Client, shop: Shop
) -> None:
    body = {"commands": [_note(shop.place())]}

    answer = http.post(
        "/v1/commands/batch", json=body, headers={"If-Match": '"1"', "Idempotency-Key": "k"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "not_readable")
    assert "expected_version" in answer.json()["detail"]


def test_a_304_says_what_it_varies_by_and_any_tag_is_that_of_what_is_there(
    http: httpx.Client, shop: Shop
) -> None:
    place = f"/v1/orders/{shop.place()}"
    full = http.get(place)

    for tag in (full.headers["etag"], "*"):
        same = http.get(place, headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["vary"] == full.headers["vary"]
        assert same.headers["etag"] == full.headers["etag"]
    missing = http.get(f"/v1/orders/{uuid4()}", headers={"If-None-Match": "*"})
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "place",
    ["/health/live", "/health/ready", "/v1/orders/{}", "/v1/reports/funnel", "/v1/events",
     "/v1/openapi.json", "/metrics", "/v1/orders/missing", "/v1/nowhere", "/v1/commands"],
)  # fmt: skip
def test_a_head_is_answered_as_the_get_would_be_without_its_body(
    http: httpx.Client, shop: Shop, place: str
) -> None:
    at = place.format(shop.place())

    head, full = http.head(at), http.get(at)

    assert (head.status_code, head.content) == (full.status_code, b"")
    for name in ("content-type", "etag", "vary", "allow", "cache-control"):
        assert head.headers.get(name) == full.headers.get(name), name
    if place != "/metrics":
        assert head.headers["content-length"] == full.headers["content-length"]


def test_a_head_needs_the_right_of_the_get_and_opens_no_stream(server: Served) -> None:
    with httpx.Client(base_url=server.url) as nobody:
        assert nobody.head("/v1/orders").status_code == 401
    with server.http() as http:
        stream = http.head("/v1/events", headers={"Accept": "text/event-stream"})
    assert stream.status_code == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert server.desk.streams.taken == 0


def test_what_is_not_there_for_a_get_tells_that_it_takes_head_too(http: httpx.Client) -> None:
    assert http.delete("/health/live").headers["allow"] == "GET, HEAD"
    assert http.get("/v1/commands").headers["allow"] == "POST"
