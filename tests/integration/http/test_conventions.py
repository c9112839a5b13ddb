"""What every answer over HTTP has, and what every caller may rely on."""

import gzip
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from infra.postgres import connect
from services.api.callers import Caller
from services.api.commands import command_id_of
from services.reading import order_now
from tests.integration.http.conftest import Shop
from tests.support.examples import PATH
from tests.support.served import Served


def test_a_command_gets_its_final_answer_with_positions_version_and_event_ids(
    shop: Shop,
) -> None:
    order_id = shop.place()

    moved = shop.move(order_id, "confirmed")

    answer = moved.json()
    assert (moved.status_code, answer["outcome"], answer["repeated"]) == (200, "accepted", False)
    assert answer["versions"][f"order-{order_id}"] == int(moved.headers["etag"].strip('"'))
    assert len(answer["event_ids"]) == 1 + answer["last_position"] - answer["first_position"]


def test_the_same_key_gets_the_same_answer_for_ever(shop: Shop) -> None:
    order_id = shop.place()

    first = shop.move(order_id, "confirmed", key="my-key-1")
    again = shop.move(order_id, "confirmed", key="my-key-1")

    assert again.json() == {**first.json(), "repeated": True}
    assert again.status_code == 200


def test_the_same_key_with_another_body_is_422(shop: Shop) -> None:
    order_id = shop.place()
    shop.move(order_id, "confirmed", key="my-key-1")

    other = shop.move(order_id, "cancelled", key="my-key-1")

    assert (other.status_code, other.json()["code"]) == (422, "command_id_reused")


def test_a_name_that_stands_twice_is_told_and_nothing_is_done(
    http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    said = f'{{"command":"order.add_note","order_id":"{order_id}","text":"one","text":"two"}}'
    headers = {"Idempotency-Key": "my-key-1"}

    one = http.post("/v1/commands", content=said, headers=headers)
    batch = http.post("/v1/commands/batch", content=f'{{"commands":[{said}]}}', headers=headers)
    after = shop.send("order.add_note", "my-key-1", order_id=order_id, text="one")

    for answer in (one, batch):
        told = [(unmet["code"], unmet["field"]) for unmet in answer.json()["unmet"]]
        assert (answer.status_code, answer.json()["code"]) == (422, "command_unreadable")
        assert told == [("field_invalid", "text")]
    assert (after.status_code, after.json()["repeated"]) == (200, False)


def test_two_callers_may_use_the_same_key(server: Served, shop: Shop) -> None:
    order_id = shop.place()
    with server.http("bob") as other:
        first = shop.send("order.add_note", "key-1", order_id=order_id, text="Call")
        second = Shop(other).send("order.add_note", "key-1", order_id=order_id, text="Other")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["command_id"] != second.json()["command_id"]


def test_nobody_can_work_out_the_id_that_a_key_becomes(server: Served, shop: Shop) -> None:
    order_id = shop.place()
    told = UUID(
        shop.send("order.add_note", "key-1", order_id=order_id, text="Call").json()["command_id"]
    )
    secret = server.system.key_store.command_secret()
    another = Caller("api_key", "back-office")

    assert told == command_id_of("key-1", another, secret)
    assert told != command_id_of("key-1", another, bytes(32))
    assert len(set(secret)) > 8
    with (
        connect(server.system.url, role="orderpath_auditor") as auditor,
        pytest.raises(psycopg.Error),
    ):
        auditor.execute("select secret from ops.command_keys")


def test_what_only_the_server_or_a_program_knows_is_not_taken_from_a_caller(
    server: Served, shop: Shop
) -> None:
    order_id = shop.place()
    task = {"task_id": str(uuid4()), "title": "Call", "group": "desk", "order_id": order_id}
    note = {"order_id": order_id, "text": "Call"}
    # Whether it was done would tell what holds, also of fields that are hidden from who asks.
    asked: dict[str, Any] = {
        "only_if": ["order.total_minor > 5000"],
        "spent_by": {"order.total_minor > 5000": [str(uuid4())]},
        "behind": str(uuid4()),
    }
    told = [
        ("source", shop.send("order.add_note", **note, source="import")),
        ("rule", shop.send("task.create", **task, rule="late")),
        ("rule_version", shop.send("task.create", **task, rule_version=3)),
    ]
    effect = {"effect_id": str(uuid4()), "channel": "webhook", "endpoint": "crm"}
    told.append(("rule", shop.send("effect.request", **effect, rule="late")))
    for name, value in asked.items():
        told.append((name, shop.send("order.add_note", **note, **{name: value})))
        told.append((name, shop.send("task.create", **task, **{name: value})))

    for name, answer in told:
        unmet = answer.json()["unmet"]
        assert (answer.status_code, [(one["code"], one["field"]) for one in unmet]) == (
            422,
            [("field_unknown", name)],
        )
    assert shop.send("task.create", **task).status_code == 200
    sources = {one.source for one in server.system.log.read(0, 1_000)}
    assert "import" not in sources


def test_an_id_of_another_caller_is_used_and_nothing_is_told_of_its_outcome(
    server: Served, shop: Shop
) -> None:
    order_id, own = shop.place(), str(uuid4())
    said = {"order_id": order_id, "text": "Call"}
    first = shop.send("order.add_note", own, **said)
    with server.http("bob") as other:
        taken = Shop(other).send("order.add_note", own, **said)
        batch = {"commands": [{"command": "order.add_note", "command_id": own, **said}]}
        many = other.post("/v1/commands/batch", json=batch).json()["items"][0]
    for_anna = shop.http.post(
        "/v1/commands",
        json={"command": "order.add_note", **said},
        headers={"Idempotency-Key": own, "X-On-Behalf-Of": "Anna"},
    )
    again = shop.send("order.add_note", own, **said)

    for answer in (taken, for_anna):
        assert (answer.status_code, answer.json()["code"]) == (422, "command_id_reused")
        assert not {"outcome", "versions", "first_position"} & {*answer.json()}
    assert (many["status"], many["answer"]["code"]) == (422, "command_id_reused")
    assert again.json() == {**first.json(), "repeated": True}


def test_a_key_that_is_an_id_is_the_commands_id(shop: Shop) -> None:
    order_id, own = shop.place(), str(uuid4())

    assert shop.move(order_id, "confirmed", key=own).json()["command_id"] == own


def test_a_command_without_any_key_is_not_taken(http: httpx.Client, shop: Shop) -> None:
    body = {"command": "order.add_note", "order_id": shop.place(), "text": "Call"}

    answer = http.post("/v1/commands", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")


def test_a_refusal_names_every_unmet_condition_as_a_problem(shop: Shop) -> None:
    order_id = shop.place()

    refused = shop.move(order_id, "done", expected_status="confirmed")

    problem = refused.json()
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:orderpath:problem:refused"
    assert (problem["status"], problem["outcome"]) == (409, "refused")
    assert "status_differs" in {one["code"] for one in problem["unmet"]}
    assert len(problem["unmet"]) >= 2


def test_a_refusal_is_told_again_for_the_same_key(shop: Shop) -> None:
    order_id = shop.place()
    first = shop.move(order_id, "done", key="early")
    shop.move(order_id, "confirmed")

    again = shop.move(order_id, "done", key="early")

    assert again.json() == {**first.json(), "repeated": True}


def test_if_match_takes_a_command_only_at_that_version(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    tag = http.get(f"/v1/orders/{order_id}").headers["etag"]
    body = {"command": "order.add_note", "order_id": order_id, "text": "Call"}

    first = http.post("/v1/commands", json=body, headers={"Idempotency-Key": "a", "If-Match": tag})
    late = http.post("/v1/commands", json=body, headers={"Idempotency-Key": "b", "If-Match": tag})
    plain = {"Idempotency-Key": "c", "If-Match": first.headers["etag"]}
    next_one = http.post("/v1/commands", json={**body, "text": "Write"}, headers=plain)

    assert re.fullmatch('"[0-9]+-[0-9a-f]{16}"', tag)
    assert next_one.status_code == 200
    assert first.status_code == 200
    assert (late.status_code, late.json()["code"]) == (412, "version_differs")
    assert late.json()["version"] == int(first.headers["etag"].strip('"'))


def test_an_order_that_is_still_the_same_is_not_sent_again(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    tag = http.get(f"/v1/orders/{order_id}").headers["etag"]

    same = http.get(f"/v1/orders/{order_id}", headers={"If-None-Match": tag})
    shop.move(order_id, "confirmed")
    changed = http.get(f"/v1/orders/{order_id}", headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert (changed.status_code, changed.json()["status"]) == (200, "confirmed")


def test_every_answer_tells_a_position_and_the_request_id_also_problems(
    http: httpx.Client, server: Served, shop: Shop
) -> None:
    order_id = shop.place()
    nobody = httpx.Client(base_url=server.url)
    answers = [
        http.get(f"/v1/orders/{order_id}"),
        http.get("/v1/orders/unknown"),
        http.get("/v1/nowhere"),
        http.delete("/v1/commands"),
        http.get("/v1/reports/funnel"),
        http.get("/v1/reports/funnel", params={"view": "upside-down"}),
        http.post("/v1/commands", content=b"{", headers={"Idempotency-Key": "k"}),
        nobody.get("/v1/log/head"),
        nobody.get("/health/live"),
    ]

    assert [one.status_code for one in answers] == [200, 404, 404, 405, 200, 422, 400, 401, 200]
    assert all(int(one.headers["x-position"]) >= 0 for one in answers)
    assert all(len(one.headers["x-request-id"]) >= 32 for one in answers)
    mine = http.get("/v1/log/head", headers={"X-Request-Id": "mine-17"})
    assert mine.headers["x-request-id"] == "mine-17"
    nobody.close()


def test_a_read_with_the_position_of_a_command_sees_what_it_did(
    http: httpx.Client, shop: Shop
) -> None:
    for number in range(5):
        order_id = shop.place(f"A-{number}")
        position = shop.move(order_id, "confirmed").headers["x-position"]

        answer = http.get("/v1/reports/funnel", params={"min_position": position})

        reached = {one["status"]: one for stage in answer.json()["stages"] for one in [stage]}
        assert reached["confirmed"]["orders"] == number + 1
        assert int(answer.headers["x-position"]) >= int(position)


def test_a_position_that_is_not_reached_in_time_is_503_with_retry_after(
    http: httpx.Client,
) -> None:
    answer = http.get("/v1/reports/funnel", params={"min_position": 10_000})

    assert (answer.status_code, answer.json()["code"]) == (503, "behind")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_large_answer_is_zipped_for_who_takes_it(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    url = f"/v1/orders/{order_id}/history"

    with http.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as zipped:
        raw = b"".join(zipped.iter_raw())
    plain = http.get(url, headers={"Accept-Encoding": "identity"})

    refused = http.get(url, headers={"Accept-Encoding": "gzip;q=0, *"})

    assert "content-encoding" not in refused.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers


def test_an_order_is_found_by_a_number_with_a_slash(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place("2026/17 %2F")

    answer = http.get("/v1/order-ids/2026%2F17%20%252F")

    assert answer.json() == {"order_id": order_id}


def test_who_acts_is_whoever_calls_and_nobody_else(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    body = {
        "command": "order.add_note",
        "order_id": order_id,
        "text": "Call",
        "actor": {"kind": "user", "id": "eve", "roles": ["lead"]},
    }

    answer = http.post("/v1/commands", json=body, headers={"Idempotency-Key": "k"})

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["unmet"]] == ["actor"]


def test_every_fault_of_a_command_is_told_at_once(shop: Shop) -> None:
    answer = shop.send("order.change_status", order_id="17", to=1)

    told = {(one["field"], one["code"]) for one in answer.json()["unmet"]}
    assert answer.status_code == 422
    assert told == {
        ("order_id", "field_invalid"), ("to_status", "field_missing"), ("to", "field_unknown"),
    }  # fmt: skip


def test_a_batch_answers_each_command_by_itself(http: httpx.Client, shop: Shop) -> None:
    order_id = shop.place()
    commands = [
        {"command": "order.add_note", "order_id": order_id, "text": "Call"},
        {"command": "order.change_status", "order_id": order_id, "to_status": "done"},
        {"command": "order.nonsense"},
    ]

    first = http.post(
        "/v1/commands/batch", json={"commands": commands}, headers={"Idempotency-Key": "b-1"}
    )
    again = http.post(
        "/v1/commands/batch", json={"commands": commands}, headers={"Idempotency-Key": "b-1"}
    )

    assert [one["status"] for one in first.json()["items"]] == [200, 409, 422]
    assert [one["answer"].get("repeated") for one in again.json()["items"]] == [True, True, None]


def test_the_commands_of_a_batch_are_carried_out_in_their_order(http: httpx.Client) -> None:
    """Also behind one for which the tables are asked first, which takes a while."""
    definition = PATH.model_dump(mode="json", exclude_none=True) | {"path": "new_shop"}
    line = {"item_id": "1", "sku": "TEA", "title": "Tea", "quantity": 1, "unit_price_minor": 450}
    placed = {"order_id": str(uuid4()), "path": "new_shop", "currency": "EUR", "lines": [line]}

    answer = http.post(
        "/v1/commands/batch",
        json={
            "commands": [
                {"command": "path.publish", "definition": definition},
                {"command": "order.place", **placed},
            ]
        },
        headers={"Idempotency-Key": "b-1"},
    )

    assert [one["status"] for one in answer.json()["items"]] == [200, 200]


@pytest.mark.parametrize(("letters", "status"), [(255, 200), (256, 400)])
def test_the_key_of_a_batch_is_as_long_as_any_other(
    http: httpx.Client, shop: Shop, letters: int, status: int
) -> None:
    note = {"command": "order.add_note", "order_id": shop.place(), "text": "Call"}

    answer = http.post(
        "/v1/commands/batch",
        json={"commands": [note] * 11},
        headers={"Idempotency-Key": "k" * letters},
    )

    assert answer.status_code == status
    if status == 200:
        found = answer.json()["items"]
        assert {one["status"] for one in found} == {200}
        assert len({one["answer"]["command_id"] for one in found}) == 11
    else:
        assert answer.json()["code"] == "key_missing"


def test_a_customer_is_recognised_in_a_batch_as_in_a_command_alone(
    server: Served, shop: Shop
) -> None:
    alone, among = str(uuid4()), str(uuid4())
    line = {"item_id": "1", "sku": "TEA-100", "title": "Tea", "quantity": 1}
    order: dict[str, Any] = {
        "currency": "EUR",
        "lines": [{**line, "unit_price_minor": 450}],
        "customer": {"name": "Ann", "phone": "+79161234567"},
    }
    one = {"command": "order.place", "command_id": str(uuid4()), "order_id": among, **order}

    first = shop.send("order.place", order_id=alone, **order)
    batch = shop.http.post("/v1/commands/batch", json={"commands": [one]})

    assert (first.status_code, batch.json()["items"][0]["status"]) == (200, 200)
    subjects = [order_now(server.system, UUID(order_id)).subject_id for order_id in (alone, among)]
    assert subjects[0] is not None
    assert subjects[0] == subjects[1]
