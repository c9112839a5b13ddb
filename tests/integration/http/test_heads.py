"""Heads of requests that are huge, strange or say one thing twice: each is told so, and the next
caller is answered. Bodies that are not what their heads say.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import psutil
import pytest

from services.api.limits import Limits
from services.api.openapi import described
from tests.integration.http.conftest import Shop
from tests.support.api_fuzz import operations
from tests.support.postgres import TEMPLATE, cloned_database
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS

MIB: Final = 1024 * 1024
HEAD: Final = b"Host: shop\r\nAuthorization: Bearer ann\r\n"
ASK: Final = b"GET /v1/log/head HTTP/1.1\r\n" + HEAD
SEND: Final = b"POST /v1/commands HTTP/1.1\r\n" + HEAD
CLOSE: Final = b"Connection: close\r\n\r\n"
BODY: Final = b'{"command": "order.add_note", "text": "a"}'
LENGTH: Final = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
KEY: Final = b"Idempotency-Key: k\r\n"
Said = list[tuple[int, Any]]  # statuses and bodies of the answers on one line


@pytest.fixture(scope="module")
def server(migrated_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for all of them: whatever one does to it, the next one finds it well."""
    with (
        cloned_database(migrated_server, TEMPLATE) as url,
        served(url, tmp_path_factory.mktemp("data")) as running,
    ):
        yield running


def told(server: Served, *said: bytes) -> Said:
    """Say something on a line of its own, until the other side ends it; give what it said."""
    url, heard = httpx.URL(server.url), b""
    with socket.create_connection((url.host, url.port or 80), ROOM_SECONDS) as line:
        with suppress(ConnectionError):  # It need not be heard to its end.
            line.sendall(b"".join(said))
        while piece := line.recv(65_536):
            heard += piece
    return answers_in(heard)


def answers_in(heard: bytes) -> Said:
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        status, headers = int(head.split(b" ")[1]), httpx.Headers(
            [one.partition(b": ")[::2] for one in head.split(b"\r\n")[1:]]
        )  # fmt: skip
        length = int(headers["content-length"])
        assert "x-request-id" in headers
        assert "x-position" in headers
        if status >= 400:
            assert headers["content-type"] == "application/problem+json"
        found.append((status, json.loads(rest[:length])))
        heard = rest[length:]
    return found


def codes(said: Said) -> list[tuple[int, str]]:
    return [(status, body.get("code", "")) for status, body in said]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"%b: %b\r\n" % (name, b"x" * 100_000), id=name.decode())
        for name in (b"Authorization", b"Idempotency-Key", b"If-Match", b"X-Request-Id",
                     b"Accept-Language", b"Accept-Encoding", b"X-On-Behalf-Of", b"Cookie")
    ]
    + [
        pytest.param(b"X: %b\r\n" % (b"x" * 4 * MIB), id="megabytes"),
        pytest.param(b"".join(b"X-%d: 1\r\n" % n for n in range(200)), id="many headers"),
        pytest.param(b"X: 1\r\n" * 50_000, id="one header many times"),
        pytest.param(b"x" * 4 * MIB + b": 1\r\n", id="a name of megabytes"),
    ],
)  # fmt: skip
def test_a_head_that_is_too_large_is_431_and_the_next_caller_is_answered(
    server: Served, header: bytes
) -> None:
    assert codes(told(server, ASK, header, CLOSE)) == [(431, "head_too_large")]
    assert codes(told(server, ASK, CLOSE)) == [(200, "")]


def test_a_place_of_a_megabyte_is_431(server: Served) -> None:
    head = b"GET /v1/%b HTTP/1.1\r\n" % (b"x" * MIB)

    assert codes(told(server, head, HEAD, CLOSE)) == [(431, "head_too_large")]


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(ASK + b"X: ", id="in a value"),
        pytest.param(ASK, id="in a name"),
        pytest.param(b"GET /", id="in a place"),
        pytest.param(SEND + CHUNKED + b"\r\n1\r\n{\r\n0\r\nX: ", id="in what stands behind a body"),
        pytest.param(SEND + CHUNKED + b"\r\n1;x=", id="beside the size of a piece"),
    ],
)
def test_a_head_without_end_is_cut_before_the_server_grows(server: Served, begin: bytes) -> None:
    before = psutil.Process().memory_info().rss
    url, sent = httpx.URL(server.url), 0
    with socket.create_connection((url.host, url.port or 80), ROOM_SECONDS) as line:
        line.sendall(begin)
        with suppress(ConnectionError):
            while sent < 300 * MIB:
                line.sendall(b"x" * MIB)
                sent += MIB

    assert psutil.Process().memory_info().rss - before < 60 * MIB
    assert codes(told(server, ASK, CLOSE)) == [(200, "")]


@pytest.mark.parametrize(
    ("key", "status"),
    [
        pytest.param(b"k" * 50_000, 400, id="50,000 characters"),
        pytest.param(b"a\tb", 400, id="a tab"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"a\x00b", 400, id="nul"),
        pytest.param(b"a\x1bb", 400, id="an escape"),
        pytest.param(b"\xc2\x85\xc2\xa0", 400, id="what cannot be seen"),
    ],
)
def test_a_strange_key_is_told(server: Served, key: bytes, status: int) -> None:
    answers = told(server, SEND, LENGTH, b"Idempotency-Key: %b\r\n" % key, CLOSE, BODY)

    assert [one for one, _ in answers] == [status]


def test_a_key_in_any_letters_is_the_same_key_again(shop: Shop) -> None:
    order_id = shop.place()
    said = {"command": "order.add_note", "order_id": order_id, "text": "a"}
    keys = {"Idempotency-Key": "schlüssel-\xff".encode("latin-1")}
    answers = [shop.http.post("/v1/commands", json=said, headers=keys) for _ in range(2)]  # type: ignore[arg-type]

    assert [one.status_code for one in answers] == [200, 200]
    assert [one.json()["repeated"] for one in answers] == [False, True]


@pytest.mark.parametrize(
    "header",
    [b"Authorization: Bearer bob", b"Idempotency-Key: l", b'If-Match: "1"',
     b"X-On-Behalf-Of: bob", b"Content-Encoding: identity"],
)  # fmt: skip
def test_a_header_that_may_come_once_comes_once(server: Served, header: bytes) -> None:
    again = header + b"\r\n"
    answers = told(server, SEND, LENGTH, KEY, again, again, CLOSE, BODY)

    assert codes(answers) == [(400, "not_readable")]
    assert header.partition(b":")[0].decode().lower() in answers[0][1]["detail"] or (
        b"Authorization" in header
    )


def test_a_header_that_stands_behind_the_body_is_none(server: Served) -> None:
    body = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)
    answers = told(server, SEND, CHUNKED, CLOSE, body, KEY, b"\r\n")

    assert codes(answers) == [(400, "key_missing")]


def test_a_packed_body_is_415_everywhere_and_says_what_to_do(http: httpx.Client) -> None:
    for one in operations(described()):
        place = one.place.replace("{", "").replace("}", "")
        for coding in ("gzip", "br, gzip", "x"):
            headers = {"Content-Encoding": coding, "Idempotency-Key": "k"}
            answer = http.request(one.method, place, content=b"\x1f\x8b", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (415, "encoded"), place
            assert "without a Content-Encoding" in answer.json()["detail"]
            assert answer.headers["accept-encoding"] == "identity"
            assert one.fault_of(answer) is None


def test_identity_is_no_packing(shop: Shop) -> None:
    shop.http.headers["Content-Encoding"] = "identity"

    assert shop.place()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(b"Content-Length: -5\r\n", BODY, id="less than nothing"),
        pytest.param(b"Content-Length: " + b"9" * 30 + b"\r\n", BODY, id="more than is counted"),
        pytest.param(LENGTH + b"Content-Length: 3\r\n", BODY, id="two lengths"),
        pytest.param(LENGTH + CHUNKED, b"0\r\n\r\n", id="a length and pieces"),
        pytest.param(CHUNKED, b"zz\r\n", id="a piece of no size"),
    ],
)
def test_a_length_that_lies_is_400(server: Served, headers: bytes, body: bytes) -> None:
    assert codes(told(server, SEND, KEY, headers, CLOSE, body)) == [(400, "not_readable")]


def test_packed_pieces_are_415(server: Served) -> None:
    packed = b"Transfer-Encoding: gzip, chunked\r\n"

    assert codes(told(server, SEND, KEY, packed, CLOSE, b"0\r\n\r\n")) == [(415, "encoded")]


def test_a_length_that_is_too_long_is_413_before_the_body_comes(server: Served) -> None:
    length = b"Content-Length: 9223372036854775807\r\n"

    assert codes(told(server, SEND, KEY, length, CLOSE, BODY)) == [(413, "too_large")]


def test_a_length_that_is_too_short_makes_no_second_request_of_the_rest(server: Served) -> None:
    answers = told(server, SEND, KEY, b"Content-Length: 5\r\n\r\n", BODY)

    assert codes(answers) == [(400, "command_unreadable")]


def test_pieces_without_end_are_413(server: Served) -> None:
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    said = codes(told(server, SEND, KEY, CHUNKED, b"\r\n", piece * 200))

    assert said == [(413, "too_large")]


def test_pieces_without_end_where_no_body_is_read_end_in_bounded_time(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(request_seconds=1.0)
    with served(database_url, tmp_path, limits) as server:
        url, began, before = httpx.URL(server.url), monotonic(), psutil.Process().memory_info().rss
        with socket.create_connection((url.host, url.port or 80), ROOM_SECONDS) as line:
            line.sendall(ASK + CHUNKED + b"\r\n")
            with suppress(ConnectionError):
                while monotonic() - began < ROOM_SECONDS:
                    line.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")

        assert monotonic() - began < 10
        assert psutil.Process().memory_info().rss - before < 60 * MIB


def test_nonsense_behind_a_request_takes_nothing_from_its_answer(server: Served) -> None:
    answers = told(server, ASK, b"\r\n", b"NONSENSE\r\n\r\n")

    assert codes(answers) == [(200, "")]


@pytest.mark.parametrize(
    "said",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"\x00" * 100,
     ASK + b"X: a\r\n b\r\n\r\n", ASK + b"X : a\r\n\r\n", b"GET ?x HTTP/1.1\r\n\r\n"],
    ids=["TLS", "HTTP/2", "a proxy", "a place", "nul", "folded", "a gap", "no place"],
)  # fmt: skip
def test_what_is_no_http_is_told_as_a_problem(server: Served, said: bytes) -> None:
    assert codes(told(server, said)) == [(400, "not_readable")]


def test_an_upgrade_that_is_offered_is_passed_over_and_the_line_ends(server: Served) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n"

    assert codes(told(server, ASK, upgrade, ASK, CLOSE)) == [(200, "")]
