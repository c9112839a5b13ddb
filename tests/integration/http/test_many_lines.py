"""More open lines than the server can have: who has one is answered, others hear 503 or wait, and
it goes on by itself once there is room.
"""

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from services.api.limits import Limits
from services.api.lines import FILES_BESIDE, LEAVING, lines_that_fit
from tests.integration.http.conftest import Shop
from tests.support.served import ServerProcess, served
from tests.support.waiting import ROOM_SECONDS, wait_for

LINES: Final = 64  # that the program has room for
MANY: Final = 2_000


@pytest.fixture
def program(environment: dict[str, str]) -> Iterator[ServerProcess]:
    """A server that the system gives few files."""
    made = ServerProcess(environment, FILES_BESIDE + LINES)
    made.start()
    yield made
    made.leave()


def holding(url: str) -> httpx.Client:
    """Give Ann's line, which she keeps however long she says nothing."""
    headers, limits = {"Authorization": "Bearer ann"}, httpx.Limits(keepalive_expiry=None)
    return httpx.Client(base_url=url, headers=headers, limits=limits, timeout=ROOM_SECONDS)


def line_to(url: str) -> socket.socket:
    """Give a line that nothing was said on."""
    at = httpx.URL(url)
    return socket.create_connection((at.host, at.port or 80), ROOM_SECONDS)


def heard(line: socket.socket) -> bytes:
    """Give what is said on a line to its end."""
    said = b""
    with suppress(ConnectionError):
        while piece := line.recv(65_536):
            said += piece
    return said


def is_served(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/live").is_success
    return False


def test_a_line_too_many_gets_503_and_when_to_come_back(database_url: str, tmp_path: Path) -> None:
    with served(database_url, tmp_path, Limits(lines=2)) as server, ExitStack() as lines:
        held = [lines.enter_context(line_to(server.url)) for _ in range(2)]
        wait_for(lambda: server.desk.lines == 2)
        for ask in (b"", b"GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n"):
            with line_to(server.url) as line:
                line.sendall(ask)
                head, _, body = heard(line).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1" in head
            assert json.loads(body)["code"] == "busy"
        wait_for(lambda: server.desk.lines == 2)
        held[0].close()
        wait_for(lambda: is_served(server.url))


def test_far_too_many_lines_take_nothing_from_who_has_one(
    database_url: str, tmp_path: Path
) -> None:
    with (
        served(database_url, tmp_path, Limits(lines=LINES)) as server,
        holding(server.url) as http,
        ExitStack() as lines,
    ):
        shop = Shop(http)
        shop.place("A-1")
        for _ in range(LINES + LEAVING + 200):
            lines.enter_context(line_to(server.url))
        wait_for(lambda: server.desk.lines >= LINES)
        for number in range(2, 7):
            shop.place(f"A-{number}")

        assert server.desk.lines <= LINES + LEAVING + 10  # They end at once, but one by one.
        lines.close()
        wait_for(lambda: is_served(server.url))


def test_a_program_with_few_files_serves_who_has_a_line_and_then_everybody(
    program: ServerProcess,
) -> None:
    with holding(program.url) as http, ExitStack() as lines:
        shop = Shop(http)
        shop.place("A-1")
        for _ in range(MANY):
            lines.enter_context(line_to(program.url))
        for number in range(2, 12):
            shop.place(f"A-{number}")
            assert http.get("/v1/log/head").status_code == 200

        assert program.files <= FILES_BESIDE + LINES
    wait_for(lambda: is_served(program.url), "it never served again")
    with holding(program.url) as http:
        assert Shop(http).place("A-12")
    assert program.end() == 0


def test_as_many_lines_fit_as_the_system_gives_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
        fit = lines_that_fit(hard)

        assert fit == hard - FILES_BESIDE
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
        assert lines_that_fit(1_000) == 1_000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
