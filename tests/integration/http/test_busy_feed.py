"""The feed where much is asked at once: a stream waits for its turn, and does not break off."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx

from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.postgres import hanging_log
from tests.support.served import Served, served
from tests.support.waiting import wait_for

STREAM = {"Accept": "text/event-stream"}
PLACED = {"type": "order.placed.v1"}
MANY = 24  # streams


def subjects(lines: Iterator[str], number: int) -> list[str]:
    """Read on in a stream until so many events were told, and give the orders they are of."""
    found: list[str] = []
    while len(found) < number:
        name, _, value = next(lines).partition(": ")
        if name == "data":
            found.append(json.loads(value)["subject"])
    return found


def test_a_stream_that_finds_too_many_questions_waiting_goes_on_a_moment_later(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(questions_waiting=1, readers=1)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_id = Shop(http).place()
        with ThreadPoolExecutor(1) as somebody, ExitStack() as streaming:
            with hanging_log(database_url) as hangs:
                asked = somebody.submit(http.get, f"/v1/orders/{order_id}")
                wait_for(hangs, "nobody asks")
                stream = http.stream("GET", "/v1/events", params=PLACED, headers=STREAM)
                lines = streaming.enter_context(stream).iter_lines()
                wait_for(lambda: next(lines) == ": still here", "it never found it busy")
            told = subjects(lines, 1)
            answer = asked.result()

    assert (answer.status_code, told) == (200, [order_id])


def test_more_streams_than_questions_may_wait_all_hear_of_every_event(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(questions_waiting=2, readers=1)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        order_ids = [Shop(http).place("A-1")]
        many = httpx.Limits(max_connections=MANY)
        ann = {"Authorization": "Bearer ann", **STREAM}
        with (
            httpx.Client(base_url=server.url, headers=ann, limits=many, timeout=90) as listening,
            ExitStack() as streaming,
        ):
            streams = [listening.stream("GET", "/v1/events", params=PLACED) for _ in range(MANY)]
            lines = [streaming.enter_context(one).iter_lines() for one in streams]
            first = [subjects(one, 1) for one in lines]
            order_ids += [Shop(http).place("A-2")]
            second = [subjects(one, 1) for one in lines]

    assert first == [order_ids[:1]] * MANY
    assert second == [order_ids[1:]] * MANY


def test_who_waits_for_news_keeps_nobody_out(database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path, Limits(at_once=2)) as server, server.http() as http:
        end = http.get("/v1/log/head").json()["position"]
        with ThreadPoolExecutor(MANY) as many, server.http() as waiting:
            pages = []
            for number in range(1, MANY + 1):
                pages.append(many.submit(waiting.get, f"/v1/events?after={end}&wait=30"))
                wait_for(partial(_wait, server, number), "it does not wait")
            other = http.get("/v1/log/head")
            order_id = Shop(http).place()
            news = [one.result() for one in pages]

    assert other.status_code == 200
    assert {one.status_code for one in news} == {200}
    assert {one.json()["events"][0]["subject"] for one in news} == {order_id}


def test_streams_keep_nobody_out(database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path, Limits(at_once=2)) as server, server.http() as http:
        with ExitStack() as streaming:
            for _ in range(4):
                stream = http.stream("GET", "/v1/events", headers=STREAM)
                assert streaming.enter_context(stream).status_code == 200
            other = http.get("/v1/log/head")
        wait_for(lambda: server.desk.streams.taken == 0)
        in_hand = server.desk.in_hand

    assert (other.status_code, in_hand) == (200, 0)


def test_who_opens_too_many_streams_is_429_and_one_stream_too_many_is_503(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(streams=3, streams_each=2)
    with (
        served(database_url, tmp_path, limits) as server,
        server.http() as ann,
        server.http("bob") as bob,
    ):
        with ExitStack() as streaming:
            for one in (ann, ann, bob):
                stream = one.stream("GET", "/v1/events", headers=STREAM)
                assert streaming.enter_context(stream).status_code == 200
            turned = [one.get("/v1/events", headers=STREAM) for one in (ann, bob)]
        wait_for(lambda: server.desk.streams.taken == 0)
        with ann.stream("GET", "/v1/events", headers=STREAM) as again:
            status = again.status_code

    assert [(one.status_code, one.json()["code"]) for one in turned] == [
        (429, "too_many"), (503, "busy"),
    ]  # fmt: skip
    assert all(int(one.headers["retry-after"]) >= 1 for one in turned)
    assert status == 200


def test_who_waits_too_often_is_429_and_too_many_who_wait_are_503(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(polls=3, polls_each=2)
    with (
        served(database_url, tmp_path, limits) as server,
        server.http() as ann,
        server.http("bob") as bob,
        ThreadPoolExecutor(3) as many,
    ):
        place = f"/v1/events?after={ann.get('/v1/log/head').json()['position']}&wait="
        waiting = [many.submit(one.get, f"{place}30") for one in (ann, ann, bob)]
        wait_for(partial(_wait, server, 3), "they do not wait")
        turned = [one.get(f"{place}30") for one in (ann, bob)]
        at_once = ann.get(f"{place}0")
        Shop(ann).place()
        news = [one.result().status_code for one in waiting]
        wait_for(partial(_wait, server, 0), "they still wait")
        after = ann.get(f"{place}0.1")

    assert [one.status_code for one in turned] == [429, 503]
    assert [one.json()["code"] for one in turned] == ["too_many", "busy"]
    assert all(int(one.headers["retry-after"]) >= 1 for one in turned)
    assert (at_once.status_code, after.status_code, news) == (200, 200, [200] * 3)


def _wait(server: Served, number: int) -> bool:
    return server.desk.polls.taken == number


def test_a_right_that_is_taken_away_ends_a_stream_and_a_wait(
    server: Served, http: httpx.Client, shop: Shop
) -> None:
    order_id = shop.place()
    after = http.get("/v1/log/head").json()["position"]
    with (
        ThreadPoolExecutor(1) as somebody,
        http.stream("GET", "/v1/events", params=PLACED, headers=STREAM) as stream,
    ):
        lines = stream.iter_lines()
        told = subjects(lines, 1)
        waiting = somebody.submit(http.get, f"/v1/events?after={after}&wait=30")
        wait_for(partial(_wait, server, 1), "it does not wait")
        server.door.taken.add("events.read")
        rest = [line for line in lines if line.startswith("data")]
        answer = waiting.result()

    assert (told, rest) == ([order_id], [])
    assert answer.status_code == 403
    assert server.desk.polls.taken == 0
