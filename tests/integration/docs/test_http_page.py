"""What docs/http.md shows is asked of a server that runs: its commands, and its requests."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.integration.docs.blocks import Block, blocks
from tests.integration.docs.desk import Desk, run_page
from tests.integration.docs.shops import LOG, MAPPING, prepare
from tests.integration.docs.test_first_ten_minutes import KEY
from tests.support.command_line import Here
from tests.support.programs import RunningProgram
from tests.support.served import free_port
from tests.support.waiting import ROOM_SECONDS, wait_for

PAGE: Final = "http.md"
REQUEST: Final = re.compile(r"^(?=(?:GET|PUT|POST) /)", re.MULTILINE)
WRITTEN: Final = "source: depot\npath: parcels\n"  # what the page shows of the mapping


@pytest.fixture
def desk(environment: dict[str, str], tmp_path: Path) -> Desk:
    return Desk(Here(environment), tmp_path)


@pytest.fixture
def server(desk: Desk, start: Callable[..., RunningProgram]) -> Iterator[httpx.Client]:
    """A server, and who speaks to it with the key that its first start printed."""
    port = free_port()
    serving = start("serve", "--port", str(port))
    key = KEY.search(serving.await_line("the first key"))
    assert key is not None
    serving.await_line("serving on")
    url = f"http://127.0.0.1:{port}"
    desk.addresses = {
        "https://orders.shop.example": url,
        "http://127.0.0.1:8080": url,
        "API_KEY=…": f"API_KEY={key[0]}",
    }
    with httpx.Client(base_url=url, timeout=ROOM_SECONDS) as client:
        client.headers["Authorization"] = f"Bearer {key[0]}"
        yield client


def requests_of(block: Block) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Give method, place, headers and body of each request that a block shows."""
    for text in filter(str.strip, REQUEST.split(block.text)):
        head, _, body = text.partition("\n\n")
        first, *rest = head.splitlines()
        method, place = first.split()
        headers = dict(line.split(": ", 1) for line in rest)
        assert headers.pop("Authorization") == "Bearer KEY"
        yield method, place, headers, body.strip()


def ask(server: httpx.Client, request: tuple[str, str, dict[str, str], str]) -> httpx.Response:
    method, place, headers, body = request
    content = gzip.compress(LOG.encode()) if body.startswith("(bytes") else body.encode()
    answer = server.request(method, place, headers=headers, content=content)
    assert answer.is_success, f"{method} {place}: {answer.text}"
    return answer


def test_the_commands_of_the_page_do_what_it_says(desk: Desk, server: httpx.Client) -> None:
    prepare(desk, PAGE)

    run_page(desk, PAGE, {})

    assert server.get("/v1/orders/A-17").json()["status"] == "confirmed"


def test_the_requests_of_the_page_are_answered(desk: Desk, server: httpx.Client) -> None:
    prepare(desk, PAGE)
    order_id = desk.done("order show A-17")["order_id"]
    command, files = [block for block in blocks("http") if block.page == PAGE]

    ((method, place, headers, body),) = requests_of(command)
    moved = ask(server, (method, place, headers, body.replace("…", order_id)))
    upload, (method, place, headers, body) = requests_of(files)
    ask(server, upload)
    rest = json.dumps(MAPPING.removeprefix(WRITTEN))[1:-1]
    begun = ask(server, (method, place, headers, body.replace("…", rest))).json()

    assert moved.json()["outcome"] == "accepted"
    assert server.get("/v1/orders/A-17").json()["status"] == "confirmed"
    where = f"/v1/imports/{begun['import_id']}"
    wait_for(lambda: server.get(where).json()["state"] not in ("waiting", "running"))
    assert server.get(where).json()["state"] == "done", server.get(where).text
    assert server.get(where).json()["report"]["orders"] == 1
