"""Capabilities of the shop over HTTP: what is promised near holds far too."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.integration.http.conftest import Shop
from tests.support.served import Served


def allowed(http: httpx.Client, order_id: str, *roles: str) -> dict[str, Any]:
    """Ask where an order may go."""
    answer = http.get(f"/v1/orders/{order_id}/allowed", params={"as_roles": roles})
    found: dict[str, Any] = answer.json()
    return found


def test_a21_r3_only_allowed_moves_are_offered_each_closed_one_with_its_reasons(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()

    moves = {one["to"]: one for one in allowed(http, order_id, "manager")["moves"]}

    assert moves["confirmed"]["open"]
    closed = [one for one in moves.values() if not one["open"]]
    assert closed
    assert all(one["unmet"] and one["unmet"][0]["message"] for one in closed)


def test_a21_a_new_status_is_offered_at_once_where_it_is_allowed(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    before = {one["to"] for one in allowed(http, order_id, "manager")["moves"] if one["open"]}
    shop.move(order_id, "confirmed")
    after = {one["to"] for one in allowed(http, order_id, "manager")["moves"] if one["open"]}

    assert "confirmed" in before
    assert after
    assert after != before


def test_p1_what_happens_to_an_order_at_a_given_moment(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    shop.move(order_id, "confirmed")
    now = http.get(f"/v1/orders/{order_id}").json()
    first, second = (one["entered_at"] for one in now["statuses"])

    then = http.get(f"/v1/orders/{order_id}/as-of/{first}").json()
    early = http.get(f"/v1/orders/{order_id}/as-of/2020-01-01T00:00:00Z")
    diff = http.get(f"/v1/orders/{order_id}/diff", params={"start": first, "end": second}).json()

    assert (then["status"], then["as_of"], now["status"]) == ("new", first, "confirmed")
    assert (early.status_code, early.json()["code"]) == (404, "absent")
    assert {"field": "status", "from": "new", "to": "confirmed"} in diff["changes"]


def test_p22_history_tells_to_the_second_what_happened_and_why(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    shop.move(order_id, "cancelled", reason_code="changed_mind", initiator="client",
              reason="Wants another colour")  # fmt: skip

    changes = http.get(f"/v1/orders/{order_id}/history").json()["changes"]
    why = http.get(f"/v1/orders/{order_id}/why", params={"min_position": "head"}).json()

    (cancelled,) = (one for one in changes if one["to"] == "cancelled")
    assert cancelled["reason"] == "Wants another colour"
    assert (cancelled["reason_code"], cancelled["initiator"]) == ("changed_mind", "client")
    assert cancelled["actor"] == {
        "kind": "api_key", "id": "back-office", "on_behalf_of": None, "at_source": None,
    }  # fmt: skip
    assert cancelled["occurred_at"].endswith("Z")
    assert [len(chain) for chain in why["chains"]] == [1, 1]


def test_p23_the_warehouse_assembles_but_cannot_change_phone_or_address(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    path = http.get("/v1/paths/universal").json()["definition"]
    path["path"] = "guarded"
    path["fields"] = {
        "customer_phone": {"edit": ["manager"], "never": ["warehouse"]},
        "delivery_address": {"never": ["warehouse"]},
    }
    assert shop.send("path.publish", definition=path).status_code == 200
    order_id = shop.place(path="guarded")
    warehouse = server.door.keys["ann"]
    server.door.keys["wes"] = type(warehouse)("api_key", "wes", ("warehouse",))

    with server.http("wes") as http_of_wes:
        refused = Shop(http_of_wes).send(
            "order.change_fields", order_id=order_id, customer_phone="+49 30 1",
            delivery_address="Elsewhere",
        )  # fmt: skip

    fields = {one["field"] for one in refused.json()["unmet"]}
    assert refused.status_code == 409
    assert fields == {"customer_phone", "delivery_address"}


def test_p35_who_is_to_blame_and_why_they_refuse(http: httpx.Client, shop: Shop) -> None:
    for number in range(3):
        order_id = shop.place(f"A-{number}")
        answer = shop.move(order_id, "cancelled", reason_code="found_cheaper", initiator="client")
    position = answer.headers["x-position"]

    reasons = http.get("/v1/reports/reasons", params={"min_position": position}).json()
    moves = http.get("/v1/reports/transitions", params={"min_position": position}).json()

    assert Counter(one["reason_code"] for one in reasons for _ in range(one["orders"])) == {
        "found_cheaper": 3
    }
    assert [one for one in moves if one["to"] == "cancelled"]


def test_d2_what_allowed_says_is_what_then_happens(http: httpx.Client, shop: Shop) -> None:
    told = allowed(http, shop.place("A-0"), "manager", "lead", "warehouse")["moves"]

    for number, move in enumerate(told, 1):
        order_id = shop.place(f"A-{number}")
        body = {"reason_code": "changed_mind", "initiator": "client"} if move["asks"] else {}
        outcome = shop.move(order_id, move["to"], **body)
        assert (outcome.status_code == 200) is move["open"], (move, outcome.json())
        if not move["open"]:
            told_codes = {one["code"] for one in move["unmet"]}
            assert told_codes <= {one["code"] for one in outcome.json()["unmet"]}


def test_d3_a_hundred_commands_at_once_on_one_order_equal_some_serial_order(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()

    def ask(number: int) -> httpx.Response:
        if number % 2:
            return shop.move(order_id, "confirmed", expected_status="new", key=f"k-{number % 10}")
        return shop.send("order.add_note", f"n-{number}", order_id=order_id, text=f"Note {number}")

    with ThreadPoolExecutor(16) as many:
        answers = list(many.map(ask, range(100)))

    moved = {one.json()["command_id"]: one.json()["outcome"] for one in answers[1::2]}
    assert Counter(moved.values())["accepted"] == 1
    assert {one.status_code for one in answers[::2]} == {200}
    own = f"order-{order_id}"
    versions = {one.json()["versions"].get(own, 0) for one in answers}  # a refused one changes none
    noted = [one.json()["versions"][own] for one in answers[::2]]
    assert len(set(noted)) == 50
    now = http.get(f"/v1/orders/{order_id}").json()
    assert (now["status"], now["version"]) == ("confirmed", max(versions))
