"""The feed of one order, to which something happens while its events are read."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx

from services.bootstrap import System
from tests.integration.http.conftest import Shop
from tests.support.loads import note, open_pipeline
from tests.support.served import served

NOTES = 3


class Overtaken:
    """A log in which something happens before a stream is read, when its head was told already."""

    def __init__(self, log: Any, happens: Callable[[], None]) -> None:
        self._log = log
        self._happens = happens

    def read_streams(self, versions: Any) -> Any:
        self._happens()
        return self._log.read_streams(versions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class Busy:
    """A System with such a log."""

    def __init__(self, system: System, happens: Callable[[], None]) -> None:
        self._system = system
        self.projection_log = Overtaken(system.projection_log, happens)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


@contextmanager
def busy_order(url: str, folder: Path) -> Iterator[tuple[httpx.Client, str]]:
    """Serve a shop whose only order gets a note at each of the first looks at its events."""
    to_add: list[UUID] = []
    with open_pipeline(url) as writer:

        def happens() -> None:
            if to_add:
                assert writer.execute(note(to_add.pop())).kind == "accepted"

        def through(system: System) -> System:
            return cast("System", Busy(system, happens))

        with served(url, folder, through=through) as server, server.http() as http:
            order_id = Shop(http).place()
            to_add += [UUID(order_id)] * NOTES
            yield http, order_id


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [int(one["id"].rpartition("/")[2]) for one in events]


def test_what_happens_while_a_page_of_an_order_is_read_is_told_once_and_in_order(
    database_url: str, tmp_path: Path
) -> None:
    with busy_order(database_url, tmp_path) as (http, order_id):
        told, after = list[int](), 0
        for _ in range(NOTES + 1):
            answer = http.get("/v1/events", params={"after": after, "order": order_id})
            page = answer.json()
            found = positions(page["events"])
            told, after = told + found, page["next"]
            assert int(answer.headers["x-position"]) == after >= max(found, default=0)
        everything = http.get("/v1/events", params={"order": order_id}).json()

    assert told == positions(everything["events"])
    assert [one["type"] for one in everything["events"]][1:] == ["order.note_added.v1"] * NOTES


def test_what_happens_while_a_stream_of_an_order_is_read_is_told_once_and_in_order(
    database_url: str, tmp_path: Path
) -> None:
    stream, told = {"Accept": "text/event-stream"}, list[dict[str, Any]]()
    with busy_order(database_url, tmp_path) as (http, order_id):
        with http.stream("GET", f"/v1/events?order={order_id}", headers=stream) as streaming:
            for line in streaming.iter_lines():
                name, _, value = line.partition(": ")
                told += [json.loads(value)] if name == "data" else []
                if len(told) == NOTES + 1:
                    break
        everything = http.get("/v1/events", params={"order": order_id}).json()

    assert positions(told) == positions(everything["events"])
