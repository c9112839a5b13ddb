"""What a customer is told: public words only, by a token that nobody guesses."""

from uuid import uuid4

import httpx

from tests.integration.http.conftest import Shop
from tests.support.served import Served


def test_a_customer_follows_an_order_by_its_token_without_a_key(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place(customer={"name": "Ann Smith", "phone": "+49 30 1234567"})
    shop.move(order_id, "confirmed")
    token = http.get(f"/v1/orders/{order_id}/track-token").json()["token"]

    with httpx.Client(base_url=server.url) as customer:
        told = customer.get(f"/v1/track/{token}")

    answer = told.json()
    path = http.get("/v1/paths/universal").json()["definition"]["statuses"]
    labels = [path[status]["public_label"] for status in ("new", "confirmed")]
    assert answer["order"] == "A-17"
    assert [one["label"] for one in answer["steps"]] == [one for one in labels if one]
    assert "Smith" not in told.text
    assert "1234567" not in told.text
    assert order_id not in told.text


def test_a_status_without_a_public_label_says_nothing_also_not_how_it_ended(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    statuses = {
        "new": {"stage": "open", "public_label": {"en": "We have it"}},
        "fraud": {"stage": "open", "final": "failure"},
    }
    path = {
        "path": "careful",
        "stages": ["open"],
        "statuses": statuses,
        "initial": [{"status": "new"}],
        "transitions": [{"from": "new", "to": "fraud"}],
    }
    assert shop.send("path.publish", definition=path).status_code == 200
    order_id = shop.place(path="careful")
    failed = shop.move(order_id, "fraud", reason_code="fraud", initiator="shop")
    assert failed.status_code == 200, failed.text
    token = http.get(f"/v1/orders/{order_id}/track-token").json()["token"]

    with httpx.Client(base_url=server.url) as customer:
        told = customer.get(f"/v1/track/{token}").json()

    assert (told["label"], told["final"]) == ({"en": "We have it"}, None)
    assert len(told["steps"]) == 1


def test_a_token_that_nobody_was_given_tells_nothing(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    token = http.get(f"/v1/orders/{shop.place()}/track-token").json()["token"]
    changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(43)]
    others = ["x", token[:-1], token + "A", token + "=", "%00", "ü", *changed]

    with httpx.Client(base_url=server.url) as customer:
        statuses = {customer.get(f"/v1/track/{one}").status_code for one in others}

    assert statuses == {404}


def test_the_token_of_an_order_is_the_same_in_every_process(server: Served, shop: Shop) -> None:
    with server.http() as http:
        order_id = shop.place()
        tokens = {http.get(f"/v1/orders/{order_id}/track-token").json()["token"] for _ in range(3)}
    another = server.system.another()
    from uuid import UUID

    tokens.add(another.order_tokens.token_of(UUID(order_id)))
    another.close()

    assert len(tokens) == 1


def test_who_follows_an_order_is_told_the_number_that_a_fact_beside_its_placement_told(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    order_id = str(uuid4())
    fact = {"kind": "status", "fact_id": str(uuid4()), "status": "new", "rank": 0}
    fact |= {"occurred_at": "2026-03-01T09:00:00Z", "external_id": "B-9"}
    told = shop.send("order.record_facts", order_id=order_id, path="universal", facts=[fact])
    assert told.status_code == 200, told.text
    token = http.get(f"/v1/orders/{order_id}/track-token").json()["token"]

    with httpx.Client(base_url=server.url) as customer:
        assert customer.get(f"/v1/track/{token}").json()["order"] == "B-9"
