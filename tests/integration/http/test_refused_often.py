"""Whoever is refused too often is turned away, and nobody else, nor what came with it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.support.served import Served, served

LIMIT: Final = 20


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server that soon has enough."""
    with served(database_url, tmp_path / "data", refusals_per_minute=LIMIT) as running:
        yield running


def _refused() -> dict[str, Any]:
    said = {"order_id": str(uuid4()), "reason_code": "other"}
    return {"command": "order.cancel", "command_id": str(uuid4()), **said}


def _good() -> dict[str, Any]:
    line = {"item_id": "1", "sku": "TEA", "title": "Tea", "quantity": 1, "unit_price_minor": 450}
    said = {"order_id": str(uuid4()), "currency": "EUR", "lines": [line]}
    return {"command": "order.place", "command_id": str(uuid4()), **said}


def _send(http: httpx.Client, command: dict[str, Any], person: str) -> httpx.Response:
    return http.post("/v1/commands", json=command, headers={"X-On-Behalf-Of": person})


def test_one_person_is_in_no_way_of_others_who_come_by_the_same_key(http: httpx.Client) -> None:
    bert = Counter(_send(http, _refused(), "Bert").status_code for _ in range(2 * LIMIT + 2))

    anna = _send(http, _good(), "Anna")

    assert bert[429] >= 2
    assert anna.status_code == 200


def test_in_a_batch_those_that_are_refused_stand_in_no_others_way(http: httpx.Client) -> None:
    commands = [_refused() for _ in range(LIMIT + 5)] + [_good() for _ in range(60)]

    answer = http.post("/v1/commands/batch", json={"commands": commands})

    statuses = [one["status"] for one in answer.json()["items"]]
    assert statuses == [409] * (LIMIT + 5) + [200] * 60


def test_who_is_turned_away_is_told_how_long_it_is_to_the_end_of_the_minute(
    http: httpx.Client,
) -> None:
    told: list[tuple[datetime, httpx.Response, datetime]] = []
    for _ in range(2 * LIMIT + 2):
        before = datetime.now(UTC)
        answer = _send(http, _refused(), "Bert")
        told.append((before, answer, datetime.now(UTC)))

    turned = [one for one in told if one[1].status_code == 429]
    assert turned
    for before, answer, after in turned:
        (unmet,) = answer.json()["unmet"]
        until = datetime.fromisoformat(unmet["needed"].split()[3])
        seconds = timedelta(seconds=int(answer.headers["retry-after"]))
        # Where the minute ends between the two, the whole next one is told.
        assert until - after <= seconds <= until - before + timedelta(seconds=61)
        if after < until - timedelta(seconds=1):
            assert seconds <= until - before + timedelta(seconds=1)
