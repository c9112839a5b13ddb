"""Limits: what is too large, too many, too slow or too much at once is turned away, and says so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from infra.postgres import connect
from services.api.limits import Limits
from services.api.serving import DRAIN_SECONDS
from tests.integration.http.conftest import Shop
from tests.support.postgres import hanging_log
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for

KEY = {"Idempotency-Key": "k"}
A_MOMENT = 1.5  # seconds
# The view of orders takes a minute to read.
SLOW_ORDERS = """
    alter view analytics.orders rename to quick_orders;
    create view analytics.orders as select o.* from analytics.quick_orders o, pg_sleep(60);
    grant select on analytics.orders to orderpath_analyst;
"""
QUICK_ORDERS = """
    drop view analytics.orders;
    alter view analytics.quick_orders rename to orders;
"""


def asked(look: psycopg.Connection[Any]) -> list[str]:
    """Give what the database works at for others; how far the log is, is no question."""
    rows = look.execute(
        "select query from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and state = 'active' and query not like '%from log.head%'"
    )
    return [row[0] for row in rows.fetchall()]


def test_a_request_that_is_too_large_is_413(database_url: str, tmp_path: Path) -> None:
    with (
        served(database_url, tmp_path, Limits(body_bytes=2_000)) as server,
        server.http() as http,
    ):
        told = http.post("/v1/commands", content=b"x" * 2_001, headers=KEY)
        untold = http.post("/v1/commands", content=iter([b"x" * 1_500] * 2), headers=KEY)
        after = http.get("/v1/log/head")

    assert [one.status_code for one in (told, untold, after)] == [413, 413, 200]
    assert told.json()["code"] == "too_large"


def test_too_many_commands_in_a_batch_are_413(database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path, Limits(batch=2)) as server, server.http() as http:
        answer = http.post("/v1/commands/batch", json={"commands": [{}, {}, {}]})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_caller_who_asks_too_much_is_429_and_others_are_not(
    database_url: str, tmp_path: Path
) -> None:
    with (
        served(database_url, tmp_path, Limits(per_second=1)) as server,
        server.http() as ann,
        server.http("bob") as bob,
    ):
        answers = [ann.get("/v1/log/head") for _ in range(3)]
        other = bob.get("/v1/log/head")

    turned = [one for one in answers if one.status_code == 429]
    assert turned
    assert turned[0].json()["code"] == "too_many"
    assert int(turned[0].headers["retry-after"]) >= 1
    assert other.status_code == 200


def test_a_question_that_takes_too_long_is_503_with_retry_after(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(question_seconds=0.3)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        with hanging_log(database_url):
            answer = http.get(f"/v1/orders/{order_id}")

    assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("place", ["/v1/orders/{}", "/v1/events", "/v1/events?wait=30"])
def test_a_question_that_is_not_answered_while_the_server_ends_is_told_so(
    database_url: str, tmp_path: Path, place: str
) -> None:
    limits = Limits(question_seconds=ROOM_SECONDS, question_ending_seconds=0.5)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        with ThreadPoolExecutor(1) as somebody, hanging_log(database_url) as hangs:
            asking = somebody.submit(http.get, place.format(order_id))
            wait_for(hangs, "nobody asks")
            server.stop.set()
            answer = asking.result()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.json()["detail"].startswith("the server ends")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("place", ["/v1/commands", "/v1/commands/batch"])
def test_a_command_that_is_not_answered_while_the_server_ends_gets_its_outcome_from_the_next(
    database_url: str, tmp_path: Path, place: str
) -> None:
    limits = Limits(command_seconds=ROOM_SECONDS, command_ending_seconds=0.5)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        note = {"command": "order.add_note", "order_id": Shop(http).place(), "text": "Call"}
        body = note if place == "/v1/commands" else {"commands": [note]}
        with ThreadPoolExecutor(1) as somebody, hanging_log(database_url) as hangs:
            sending = somebody.submit(http.post, place, json=body, headers=KEY)
            wait_for(hangs, "nobody sends")
            server.stop.set()
            answer = sending.result()
    with served(database_url, tmp_path) as another, another.http() as http:
        again = http.post(place, json=body, headers=KEY)

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.json()["detail"].startswith("the server ends")
    assert int(answer.headers["retry-after"]) >= 1
    assert again.status_code == 200
    assert again.json().get("items", [{"status": 200}])[0]["status"] == 200


def test_all_are_told_that_the_server_ends_well_before_their_lines_are_cut() -> None:
    assert Limits().question_ending_seconds + 3 <= DRAIN_SECONDS
    assert Limits().command_ending_seconds + 2 <= DRAIN_SECONDS


@pytest.mark.parametrize("place", ["/v1/orders/{}", "/v1/orders/{}/history", "/v1/events"])
def test_a_question_to_the_log_that_takes_too_long_ends_in_the_database_too(
    database_url: str, tmp_path: Path, place: str
) -> None:
    limits = Limits(question_seconds=2.0, readers=1)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        with connect(database_url) as look, hanging_log(database_url):
            late = http.get(place.format(order_id))
            wait_for(lambda: not asked(look), "its statement goes on", A_MOMENT)
            next_one = http.get("/v1/outlets")  # The one thread that answers is free.
        after = http.get(f"/v1/orders/{order_id}")

    assert (late.status_code, late.json()["code"]) == (503, "too_slow")
    assert (next_one.status_code, after.status_code) == (200, 200)


def test_a_question_to_the_tables_that_takes_too_long_ends_in_the_database_too(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(question_seconds=2.0, readers=1)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        wait_for(lambda: http.get("/v1/orders?min_position=head").status_code == 200, "no table")
        with connect(database_url) as owner:
            owner.execute(SLOW_ORDERS)
            late = http.get("/v1/orders")
            wait_for(lambda: not asked(owner), "its statement goes on", A_MOMENT)
            next_one = http.get(f"/v1/orders/{order_id}")  # The one thread that answers is free.
            owner.execute(QUICK_ORDERS)
        after = http.get("/v1/orders")

    assert (late.status_code, late.json()["code"]) == (503, "too_slow")
    assert (next_one.status_code, after.status_code) == (200, 200)
    assert [one["order_id"] for one in after.json()["orders"]] == [order_id]


def test_a_batch_that_takes_too_long_gets_its_answers_by_the_same_key_later(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(command_seconds=0.3)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        note = {"command": "order.add_note", "order_id": order_id}
        batch = {"commands": [{**note, "text": "Call"}, {**note, "text": "Write"}]}

        def send() -> httpx.Response:
            return http.post("/v1/commands/batch", json=batch, headers=KEY)

        with hanging_log(database_url):
            late = send()
        wait_for(lambda: send().status_code == 200)
        answers = [one["answer"] for one in send().json()["items"]]
        history = http.get(f"/v1/orders/{order_id}/history").json()["changes"]

    assert (late.status_code, late.json()["code"]) == (503, "too_slow")
    assert [(one["outcome"], one["repeated"]) for one in answers] == [("accepted", True)] * 2
    assert [one["to"] for one in history if one["to"] in ("Call", "Write")] == ["Call", "Write"]


def test_a_command_that_takes_too_long_gets_its_answer_by_the_same_key_later(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(command_seconds=0.3)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        shop = Shop(http)
        order_id = shop.place()
        with hanging_log(database_url):
            late = shop.send("order.add_note", "note-1", order_id=order_id, text="Call")
        wait_for(lambda: shop.send("order.add_note", "note-1", order_id=order_id, text="Call")
                 .status_code == 200)  # fmt: skip
        history = http.get(f"/v1/orders/{order_id}/history").json()["changes"]

    assert (late.status_code, late.json()["code"]) == (503, "too_slow")
    assert [one["to"] for one in history].count("Call") == 1


def test_what_is_too_much_at_once_is_503_and_then_it_goes_on(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(at_once=2, question_seconds=20.0)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        with ThreadPoolExecutor(6) as many, hanging_log(database_url) as somebody_waits:
            asked = [many.submit(http.get, f"/v1/orders/{order_id}") for _ in range(6)]
            wait_for(lambda: sum(one.done() for one in asked) >= 4)
            live = http.get("/health/live")
            wait_for(somebody_waits, "nobody asks")
        statuses = sorted(one.result().status_code for one in asked)
        after = http.get(f"/v1/orders/{order_id}")

    assert statuses == [200, 200, 503, 503, 503, 503]
    assert (live.status_code, after.status_code) == (200, 200)


def test_nobody_without_a_key_and_nobody_without_the_right(server: Served) -> None:
    with httpx.Client(base_url=server.url) as nobody, server.http() as ann:
        unknown = nobody.get("/v1/orders/17")
        server.door.taken = {"order.show", "order.place", "events.read"}
        line = {"item_id": "1", "sku": "A", "title": "A", "quantity": 1, "unit_price_minor": 1}
        place = {"command": "order.place", "order_id": str(uuid4()), "currency": "EUR"}
        body = {**place, "lines": [line]}
        denied = [ann.get("/v1/orders/17"), ann.post("/v1/commands", json=body, headers=KEY),
                  ann.get("/v1/events")]  # fmt: skip

    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
    assert [one.status_code for one in denied] == [403, 403, 403]
    assert [one.json()["unmet"][0]["code"] for one in denied] == ["right_missing"] * 3


def test_a_batch_of_more_than_a_second_holds_passes_and_later_ones_wait(
    database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path, Limits(per_second=5)) as server, server.http() as http:
        order_id = Shop(http).place()
        note = {"command": "order.add_note", "order_id": order_id, "text": "Call"}
        body = {"commands": [note] * 40}

        def send() -> httpx.Response:
            return http.post("/v1/commands/batch", json=body, headers=KEY)

        answers = [send()]
        while answers[-1].status_code == 429 and len(answers) < 5:
            Event().wait(float(answers[-1].headers["retry-after"]))  # As a caller does.
            answers.append(send())
        later = http.get("/v1/log/head")

    assert {one["status"] for one in answers[-1].json()["items"]} == {200}
    assert (later.status_code, later.json()["code"]) == (429, "too_many")
    assert int(later.headers["retry-after"]) > 1
