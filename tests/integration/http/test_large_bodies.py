"""Requests that take long to parse are parsed beside everybody else, and not many at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from services.api.commands import LARGE_BYTES
from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for


def alone() -> tuple[str, dict[str, Any]]:
    """Give where a command goes by itself, and a large one."""
    said = {"command": "order.add_note", "order_id": str(uuid4()), "text": "x" * LARGE_BYTES}
    return "/v1/commands", {**said, "command_id": str(uuid4())}


def in_a_batch() -> tuple[str, dict[str, Any]]:
    """Give where many commands go, and as many small ones as are large together."""
    place, said = alone()
    return f"{place}/batch", {"commands": [{**said, "text": "x" * 1_000}] * 100}


WAYS: Final = pytest.mark.parametrize("way", [alone, in_a_batch])


@WAYS
def test_others_are_answered_while_a_large_request_is_parsed(
    server: Served, http: httpx.Client, shop: Shop, way: Any
) -> None:
    place, said = way()
    bodies, parsed = server.desk.large_bodies, Event()
    with ThreadPoolExecutor(2) as beside:
        before = beside.submit(asyncio.run, bodies.read(lambda: parsed.wait(ROOM_SECONDS)))
        wait_for(lambda: bodies.in_hand == 1)
        sending = beside.submit(http.post, place, json=said)
        wait_for(lambda: bodies.in_hand == 2)
        live = http.get("/health/live")
        shop.place()
        was_parsed = sending.done()
        parsed.set()

    assert live.status_code == 200
    assert not was_parsed
    assert before.result()
    assert sending.result().status_code in (200, 404, 422)


@WAYS
def test_too_many_large_requests_at_once_are_503_and_small_ones_are_not(
    database_url: str, tmp_path: Path, way: Any
) -> None:
    place, said = way()
    with (
        served(database_url, tmp_path, Limits(large_waiting=0)) as server,
        server.http() as http,
    ):
        turned = http.post(place, json=said)
        Shop(http).place()

    assert (turned.status_code, turned.json()["code"]) == (503, "busy")
    assert turned.headers["retry-after"] == "1"
