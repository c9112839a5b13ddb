"""Callers who are slow, silent or many: others are answered meanwhile, and the slow line ends."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import httpx
import pytest

from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for

HEAD = b"POST /v1/commands HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ann\r\n"
DROP_SECONDS = 0.1
IDLE = 300  # lines


HURRIED = Limits(head_seconds=1.0, body_seconds=1.0, request_seconds=2.0, taken_seconds=1.0)


@pytest.fixture
def hurried(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server that waits for nobody for long."""
    with served(database_url, tmp_path, HURRIED) as running:
        yield running


def line_to(server: Served) -> socket.socket:
    """Give a line that nothing was said on."""
    url = httpx.URL(server.url)
    assert url.port is not None
    return socket.create_connection((url.host, url.port), ROOM_SECONDS)


def drip(line: socket.socket, drop: bytes = b"x") -> bytes:
    """Say a byte now and then until the other side ends the line; give what it said."""
    line.settimeout(DROP_SECONDS)
    said, deadline = b"", monotonic() + ROOM_SECONDS
    while monotonic() < deadline:
        try:
            line.send(drop)
            piece = line.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return said
        if not piece:
            return said
        said += piece
    raise AssertionError("the line never ended")


def test_a_body_that_comes_byte_by_byte_is_408_in_bounded_time(
    hurried: Served, shop_of_hurried: Shop
) -> None:
    with line_to(hurried) as line:
        line.sendall(HEAD + b"Idempotency-Key: k\r\nContent-Length: 5000\r\n\r\n{")
        began = monotonic()
        said = drip(line)
        seconds = monotonic() - began

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"body_late"' in said
    assert seconds < 10
    assert shop_of_hurried.place()


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        pytest.param(b"", b"", id="says nothing"),
        pytest.param(b"", b"G", id="says a head byte by byte"),
        pytest.param(HEAD, b"X: y\r\n", id="says headers for ever"),
        pytest.param(b"", b"\r\n", id="says empty lines"),
        pytest.param(
            b"GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n", b"\r\n", id="has got an answer"
        ),
        pytest.param(
            b"POST /v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 5000\r\n\r\n",
            b"x",
            id="has got one before the body",
        ),
    ],
)
def test_a_line_on_which_no_request_comes_ends(hurried: Served, begin: bytes, drop: bytes) -> None:
    with line_to(hurried) as line:
        line.sendall(begin)
        began = monotonic()
        drip(line, drop)

    assert monotonic() - began < 10


def test_a_caller_who_takes_nothing_of_a_long_answer_is_left(hurried: Served) -> None:
    with line_to(hurried) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        ask = b"GET /v1/openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n"
        line.sendall(ask * 40)  # Far more than what lies in buffers of the system.
        wait_for(lambda: hurried.desk.in_hand > 0)
        wait_for(lambda: hurried.desk.in_hand == 0, seconds=20.0)


def test_others_are_answered_while_many_lines_are_silent_or_slow(
    hurried: Served, shop_of_hurried: Shop
) -> None:
    with ExitStack() as lines:
        for number in range(IDLE):
            line = lines.enter_context(line_to(hurried))
            if number % 2:
                line.sendall(HEAD + b"Content-Length: 5000\r\n\r\n{")
        began = monotonic()
        for number in range(10):
            shop_of_hurried.place(f"A-{number}")
        seconds = monotonic() - began

    assert seconds < 10


@pytest.fixture
def shop_of_hurried(hurried: Served) -> Iterator[Shop]:
    """The shop of the server that waits for nobody for long."""
    with hurried.http() as client:
        yield Shop(client)
