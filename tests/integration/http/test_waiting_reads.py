"""Reads that wait for the tables keep no thread: whoever asks for what is there is answered."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from services.api.callers import Caller
from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for

FUNNEL = "/v1/reports/funnel?min_position="
PATIENT = Limits(readers=1, position_seconds=ROOM_SECONDS)
BEYOND = 10**15  # a position that no log reaches
MANY = 24


@contextmanager
def nobody_feeds(server: Served) -> Iterator[None]:
    """Let the tables stand still within the block."""
    server.system.read_models.drive("workers")  # There are none.
    try:
        yield
    finally:
        server.system.read_models.drive("follower")


def _wait(server: Served, number: int) -> bool:
    return server.desk.waiting_questions.taken == number


def test_a_position_that_the_log_has_not_reached_is_turned_away_at_once(
    database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path, PATIENT) as server, server.http() as http:
        order_id = Shop(http).place()
        with ThreadPoolExecutor(MANY) as many:
            asked = [many.submit(http.get, f"{FUNNEL}{BEYOND}") for _ in range(MANY)]
            other = http.get(f"/v1/orders/{order_id}")
            answers = [one.result() for one in asked]

    assert other.status_code == 200
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(503, "behind")}
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers)


def test_who_waits_for_the_tables_keeps_no_other_question_waiting(
    database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path, PATIENT) as server, server.http() as http:
        order_id = Shop(http).place()
        with ThreadPoolExecutor(MANY) as many, nobody_feeds(server):
            asked = [many.submit(http.get, f"{FUNNEL}head") for _ in range(MANY)]
            wait_for(partial(_wait, server, MANY), "they do not wait")
            others = [http.get(f"/v1/orders/{order_id}"), http.get("/v1/reports/funnel")]
        answers = [one.result() for one in asked]

    assert [one.status_code for one in others] == [200, 200]
    assert {one.status_code for one in answers} == {200}
    assert {one.json()["stages"][0]["orders"] for one in answers} == {1}


def test_too_many_questions_of_a_caller_that_wait_for_the_tables_are_429_and_of_all_503(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(position_seconds=ROOM_SECONDS, questions_waiting=4)
    with (
        served(database_url, tmp_path, limits) as server,
        server.http() as ann,
        server.http("bob") as bob,
        server.http("eve") as eve,
    ):
        Shop(ann).place()
        with ThreadPoolExecutor(4) as many, nobody_feeds(server):
            asked = [many.submit(one.get, f"{FUNNEL}head") for one in (ann, ann, bob)]
            wait_for(partial(_wait, server, 3), "they do not wait")
            turned = [ann.get(f"{FUNNEL}head")]
            asked.append(many.submit(bob.get, f"{FUNNEL}head"))
            wait_for(partial(_wait, server, 4), "it does not wait")
            server.door.keys["eve"] = Caller("api_key", "eve")
            turned.append(eve.get(f"{FUNNEL}head"))
        answers: list[httpx.Response] = [one.result() for one in asked]

    assert [(one.status_code, one.json()["code"]) for one in turned] == [
        (429, "too_many"), (503, "busy"),
    ]  # fmt: skip
    assert {one.status_code for one in answers} == {200}


def test_questions_that_read_the_log_keep_the_position_too(
    server: Served, http: httpx.Client
) -> None:
    shop = Shop(http)
    place = f"/v1/orders/{shop.place()}"
    reached = shop.place("A-18"), http.get("/v1/log/head").json()["position"]

    there = [http.get(place, params={"min_position": one}) for one in (reached[1], "head")]
    beyond = http.get(place, params={"min_position": BEYOND})

    assert [one.status_code for one in there] == [200, 200]
    assert (beyond.status_code, beyond.json()["code"]) == (503, "behind")
    assert int(beyond.headers["retry-after"]) >= 1
