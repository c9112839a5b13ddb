"""The feed where much is asked at once: a stream waits for its turn, and does not break off."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx

from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.postgres import hanging_log
from tests.support.served import served
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
