"""The feed of events: pages, filters, a wait for news, a stream that goes on where it broke."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from services.api.callers import Caller
from tests.integration.http.conftest import Shop
from tests.support.served import Served
from tests.support.waiting import ROOM_SECONDS, wait_for

SOON_SECONDS = 12.0  # well before a wait of 30 s is over


def pages(http: httpx.Client, **asked: Any) -> Iterator[dict[str, Any]]:
    """Read page by page to the end."""
    after = 0
    while True:
        page = http.get("/v1/events", params={"after": after, **asked}).json()
        yield from page["events"]
        after = page["next"]
        if not page["more"]:
            return


def test_the_feed_gives_every_event_of_orders_once_in_the_order_of_the_log(
    http: httpx.Client, shop: Shop
) -> None:
    orders = [shop.place(f"A-{number}") for number in range(5)]
    for order_id in orders:
        shop.move(order_id, "confirmed")

    events = list(pages(http, limit=3))

    positions = [int(one["id"].rpartition("/")[2]) for one in events]
    assert positions == sorted(set(positions))
    for order_id in orders:
        own = [one for one in events if one["subject"] == order_id]
        assert [int(one["sequence"]) for one in own] == list(range(1, len(own) + 1))
        assert own[0]["type"] == "order.placed.v1"
    assert not any("Ann" in json.dumps(one) for one in events)


def test_the_feed_is_filtered_by_type_and_by_order(http: httpx.Client, shop: Shop) -> None:
    first, second = shop.place("A-1"), shop.place("A-2")
    shop.move(first, "confirmed")

    placed = list(pages(http, type="order.placed.v1"))
    own = list(pages(http, order=first, limit=1))
    both = list(pages(http, order=second, type=["order.placed.v1", "order.status_changed.v1"]))

    assert [one["subject"] for one in placed] == [first, second]
    assert {one["subject"] for one in own} == {first}
    assert len(own) >= 2
    assert [one["type"] for one in both] == ["order.placed.v1"]


def test_a_page_waits_for_news(server: Served, http: httpx.Client, shop: Shop) -> None:
    end = http.get("/v1/log/head").json()["position"]
    placing = Thread(target=shop.place)

    with server.http() as waiting:
        placing.start()
        page = waiting.get("/v1/events", params={"after": end, "wait": 20}).json()
    placing.join()

    assert [one["type"] for one in page["events"]][:1] == ["order.placed.v1"]


def test_a_page_without_news_is_empty_and_says_where_to_go_on(http: httpx.Client) -> None:
    end = http.get("/v1/log/head").json()["position"]

    page = http.get("/v1/events", params={"after": end, "wait": 0.1}).json()

    assert page == {"events": [], "next": end, "more": False}


def test_a_stream_goes_on_behind_the_last_event_that_was_read(
    http: httpx.Client, shop: Shop
) -> None:
    orders = [shop.place(f"A-{number}") for number in range(3)]

    first = _streamed(http, 1)
    rest = _streamed(http, 2, {"Last-Event-ID": first[0]["id"]})

    told = [json.loads(one["data"]) for one in (*first, *rest)]
    assert [one["subject"] for one in told] == orders
    assert [one["event"] for one in rest] == ["order.placed.v1"] * 2


def _streamed(
    http: httpx.Client, number: int, more: dict[str, str] | None = None
) -> list[dict[str, str]]:
    """Read so many events of a stream, then break it off."""
    found: list[dict[str, str]] = []
    event: dict[str, str] = {}
    headers = {"Accept": "text/event-stream", **(more or {})}
    params = {"type": "order.placed.v1"}
    with http.stream("GET", "/v1/events", params=params, headers=headers) as stream:
        for line in stream.iter_lines():
            if not line:
                found += [event] if "data" in event else []
                event = {}
            else:
                name, _, value = line.partition(": ")
                event[name] = value
            if len(found) == number:
                return found
    raise AssertionError("the stream ended before")


class Torn(dict[str, Caller]):
    """Keys that cannot be read."""

    def __contains__(self, key: object) -> bool:
        raise ValueError("Anna Smith")


def test_a_stream_that_breaks_off_tells_the_log_nothing_of_what_the_error_says(
    server: Served, http: httpx.Client, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.place()
    stream = http.stream("GET", "/v1/events", headers={"Accept": "text/event-stream"})
    with capture_logs() as told, stream as streaming:
        lines = streaming.iter_lines()
        assert next(lines) == "retry: 1000"
        server.door.keys = Torn(server.door.keys)
        with pytest.raises(httpx.RemoteProtocolError):
            list(lines)
    wait_for(lambda: "broke off" in caplog.text, "it is not told that it broke off")

    assert "request_failed" in [one["event"] for one in told]
    assert "Anna" not in caplog.text + str(told)


def test_whoever_hangs_up_waits_no_more(server: Served, http: httpx.Client) -> None:
    end = http.get("/v1/log/head").json()["position"]
    url, ask = httpx.URL(server.url), f"GET /v1/events?after={end}&wait=30 HTTP/1.1\r\n"
    with ExitStack() as hanging_up:
        for _ in range(3):
            line = socket.create_connection((url.host, url.port or 80), ROOM_SECONDS)
            hanging_up.enter_context(line)
            line.sendall(f"{ask}Host: shop\r\nAuthorization: Bearer ann\r\n\r\n".encode())
        wait_for(lambda: server.desk.polls.taken == 3, "they do not wait")

    wait_for(lambda: server.desk.polls.taken == 0, "they have their seats still", SOON_SECONDS)
    wait_for(lambda: server.desk.in_hand == 0)


@pytest.mark.parametrize("asked", [{}, {"type": "order.placed.v1"}, {"order": str(UUID(int=7))}])
def test_a_page_tells_no_position_that_the_log_has_not_reached(
    http: httpx.Client, shop: Shop, asked: dict[str, str]
) -> None:
    shop.place()
    head = http.get("/v1/log/head").json()["position"]

    beyond = http.get("/v1/events", params={"after": 1_000_000, **asked})
    at_end = http.get("/v1/events", params={"after": 0, **asked})

    assert (beyond.json()["events"], beyond.json()["next"]) == ([], 1_000_000)
    assert int(beyond.headers["x-position"]) <= head
    assert int(at_end.headers["x-position"]) == at_end.json()["next"]


def test_what_the_feed_cannot_be_asked_is_told_and_not_passed_over(http: httpx.Client) -> None:
    answer = http.get("/v1/events", params={"types": "order.placed.v1"})

    told = [(one["field"], one["code"]) for one in answer.json()["unmet"]]
    assert (answer.status_code, told) == (422, [("types", "field_unknown")])
