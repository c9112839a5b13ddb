"""Whoever means harm gets a problem that says no, and the server goes on for everybody else."""

import gzip
import json
from itertools import cycle, islice, product
from string import ascii_letters
from typing import Any, Final
from uuid import uuid4

import httpx
import psutil
import pytest

from services.api.openapi import described
from tests.integration.http.conftest import Shop
from tests.support.api_fuzz import operations

KEY: Final = {"Idempotency-Key": "k"}
POSTED: Final = [one.place for one in operations(described()) if one.method == "post"]
MIB: Final = 1024 * 1024
INJECTED: Final = (
    "' OR '1'='1", "'; DROP TABLE orders; --", "1; SELECT pg_sleep(60)", "\\'; --", "%' OR 1=1 --",
    "$$; DROP SCHEMA public CASCADE; $$", "%s%(x)s{}",
)  # fmt: skip
PATHS: Final = ("../../etc/passwd", "/etc/passwd", "..", "a/../../b", "~/.ssh", "universal.yaml")
ZIPPED: Final = gzip.compress(b'{"command": "order.place", "a": "' + b"x" * 50 * MIB)


def bombs() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Give bodies and headers that would cost much to whoever believed them."""
    return {
        "lists": (b"[" * 10_000, {}),
        "objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {}),
        "deep within": (b'{"commands":' + b"[" * 10_000 + b"]" * 10_000 + b"}", {}),
        "ten megabytes": (b'{"text": "' + b"x" * 10 * MIB + b'"}', {}),
        "digits": (b'{"a": ' + b"9" * 500_000 + b"}", {}),
        "exponent": (b'{"command": 1e999999999}', {}),
        "many keys": (b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}", {}),
        "zipped": (ZIPPED, {"Content-Encoding": "gzip"}),
        "not utf-8": (b'{"a": "\xff\xfe"}', {}),
        "utf-16": ('{"command": "order.place"}'.encode("utf-16"), {}),
        "a lone surrogate": (b'{"command": "\\ud800", "\\udc00": 1}', {}),
        "nul": (b'{"command": "order.place\\u0000", "\\u0000": "\\u0000"}', {}),
        "a raw nul": (b'{"command": "\x00"}', {}),
        "the same key": (b'{"command": "order.place", "command": {}}', {}),
    }


def check_problem(answer: httpx.Response) -> None:
    """See that an answer is a problem of whoever asked."""
    said = (str(answer.request.url)[:200], answer.status_code, answer.text[:200])
    assert 400 <= answer.status_code < 500, said
    assert answer.headers["content-type"] == "application/problem+json", said
    assert answer.json()["status"] == answer.status_code, said


@pytest.mark.parametrize("name", bombs())
def test_a_body_that_would_cost_much_is_a_problem_everywhere(http: httpx.Client, name: str) -> None:
    body, headers = bombs()[name]
    for place in POSTED:
        check_problem(http.post(place, content=body, headers=KEY | headers))

    assert http.get("/v1/log/head").status_code == 200


@pytest.mark.parametrize("place", ["/v1/track/abc", "/v1/orders", "/v1/events", "/health/live"])
def test_a_query_of_thousands_of_parameters_is_turned_away_before_it_is_read(
    http: httpx.Client, place: str
) -> None:
    names = ("".join(three) for three in product(ascii_letters, repeat=3))
    answer = http.get(f"{place}?{'&'.join(islice(names, 16_000))}")

    check_problem(answer)
    assert answer.json()["code"] == "not_readable"


def test_a_query_may_have_as_many_parameters_as_any_question_takes(http: httpx.Client) -> None:
    names = [f"name-{number}" for number in range(100)]

    answer = http.get("/v1/inbox", params={"user": names, "group": names, "role": names})

    assert (answer.status_code, answer.json()["next"]) == (200, None)


def test_no_body_makes_the_server_large(http: httpx.Client) -> None:
    http.get("/v1/log/head")
    before = psutil.Process().memory_info().rss
    for body, headers in bombs().values():
        for _ in range(3):
            http.post("/v1/commands", content=body, headers=KEY | headers)

    assert psutil.Process().memory_info().rss - before < 200 * MIB


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udfff\ud800"], ids=ascii)
def test_a_text_that_no_table_holds_is_a_problem_in_every_place_of_a_command(
    shop: Shop, text: str
) -> None:
    order_id = shop.place()
    said: list[dict[str, Any]] = [
        {"command": "order.add_note", "order_id": order_id, "text": text},
        {"command": "order.change_status", "order_id": order_id, "to_status": text},
        {"command": "order.assign_owner", "order_id": order_id, "user": text},
        {"command": "order.change_fields", "order_id": order_id, "customer_phone": text},
        {"command": "order.add_note", "order_id": order_id, "text": "a", "reason": text},
        {"command": "order.add_note", "order_id": order_id, "text": "a", "source": text},
        {"command": text, "order_id": order_id},
        {"command": "order.add_note", "order_id": text, "text": "a", text: text},
    ]
    for body in said:
        headers = {"Idempotency-Key": str(uuid4())}
        check_problem(shop.http.post("/v1/commands", content=json.dumps(body), headers=headers))

    assert shop.move(order_id, "confirmed").status_code == 200


def test_sql_and_paths_in_whatever_can_be_asked_do_nothing(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    position = http.get("/v1/log/head").json()["position"]
    wicked = cycle((*INJECTED, *PATHS, "a\x00b", "\ufffe", "x" * 5_000))
    for one in operations(described()):
        if one.method == "get":
            for name, at in [(said["name"], said["in"]) for said in one.said.get("parameters", ())]:
                answer = _asked(http, one.place, name, at, next(wicked))
                assert answer.status_code < 500, (one.place, name, answer.text)
                assert "root:" not in answer.text

    assert http.get(f"/v1/orders/{order_id}").json()["status"] == "new"
    assert http.get("/v1/log/head").json()["position"] == position


def _asked(http: httpx.Client, place: str, name: str, at: str, value: str) -> httpx.Response:
    """Ask with one value that means harm, and no others but those that a path has to have."""
    if at == "header":
        told = value.encode("ascii", "replace").replace(b"\0", b"")
        return http.get(place, headers={name.encode(): told})
    quoted = "".join(f"%{byte:02X}" for byte in value.encode())
    place = place.replace(f"{{{name}}}", quoted).replace("{", "").replace("}", "")
    return http.get(f"{place}?{name}={quoted}" if at == "query" else place)
