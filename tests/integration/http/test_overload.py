"""Ten times what a server lets in: the rest is turned away at once, nothing of it is done."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from services.api.limits import Limits
from services.client import Client
from services.questions.orders import OrderHistory
from tests.integration.http.conftest import Shop
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS

AT_ONCE = 8
NOTES_EACH = 10


async def write_together(server: Served, order_id: str, callers: int) -> dict[str, httpx.Response]:
    """Let all write notes at once, each one after the other; give the answers by their text."""
    answers: dict[str, httpx.Response] = {}
    many = httpx.Limits(max_connections=callers)
    ann = {"Authorization": "Bearer ann"}
    async with httpx.AsyncClient(
        base_url=server.url, headers=ann, limits=many, timeout=ROOM_SECONDS
    ) as http:

        async def write(caller: int) -> None:
            for number in range(NOTES_EACH):
                text = f"{callers}:{caller}:{number}"
                note = {"command": "order.add_note", "order_id": order_id, "text": text}
                key = {"Idempotency-Key": text}
                answers[text] = await http.post("/v1/commands", json=note, headers=key)

        await asyncio.gather(*map(write, range(callers)))
    return answers


def test_ten_times_too_much_is_turned_away_and_afterwards_all_is_as_before(
    database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path, Limits(at_once=AT_ONCE)) as server:
        with server.http() as http:
            order_id = Shop(http).place()
        flood = asyncio.run(write_together(server, order_id, 10 * AT_ONCE))
        after = asyncio.run(write_together(server, order_id, AT_ONCE))
        with Client(server.url, "ann") as client:
            changes = client.ask(OrderHistory(order=order_id))["changes"]

    counts = Counter(one.status_code for one in flood.values())
    turned = [one for one in flood.values() if one.status_code == 503]
    done = [text for text, one in flood.items() if one.status_code == 200]
    assert set(counts) == {200, 503}, counts
    assert {one.json()["code"] for one in turned} == {"busy"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in turned)
    assert {one.status_code for one in after.values()} == {200}
    notes = [one["to"] for one in changes if one["field"] == "note"]
    assert sorted(notes) == sorted([*done, *after])
