"""A server of each test's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.both_ways import BothWays
from tests.support.command_line import Here
from tests.support.served import Served, served


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server with an empty shop behind it."""
    with served(database_url, tmp_path / "data") as running:
        yield running


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    """Ann of the back office, over HTTP."""
    with server.http() as client:
        yield client


class Shop:
    """Places and moves orders over HTTP."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def send(self, command: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Hand one command in, with a key that is new unless it is given."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.http.post("/v1/commands", json={"command": command, **body}, headers=headers)

    def place(self, number: str = "A-17", **more: Any) -> str:
        """Place an order and give its id."""
        order_id = str(uuid4())
        line = {"item_id": "1", "sku": "TEA-100", "title": "Tea", "quantity": 2}
        body = {
            "order_id": order_id,
            "external_id": number,
            "currency": "EUR",
            "lines": [{**line, "unit_price_minor": 450}],
            **more,
        }
        assert self.send("order.place", **body).status_code == 200
        return order_id

    def move(self, order_id: str, status: str, **more: Any) -> httpx.Response:
        """Move an order along its path."""
        return self.send("order.change_status", order_id=order_id, to_status=status, **more)


@pytest.fixture
def shop(http: httpx.Client) -> Shop:
    """The shop, as Ann sees it."""
    return Shop(http)


@pytest.fixture
def both(server: Served, environment: dict[str, str]) -> BothWays:
    """The CLI beside the database, and over HTTP."""
    return BothWays(server, Here(environment))
