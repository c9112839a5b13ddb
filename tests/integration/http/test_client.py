"""The typed client: what it makes of what is no Orderpath, and how it sends many commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from domain.messages import Actor, Outcome
from domain.orders.commands import AddNote, PlaceOrder
from domain.refusals import Denied, InfraError, OrderpathError
from domain.wire import parsed
from services.api.limits import Limits
from services.client import MOST_AT_ONCE, PART_BYTES, Client, _parts
from services.questions.orders import ShowOrder
from tests.integration.http.conftest import Shop
from tests.support.served import Served

ANN = Actor(kind="api_key", id="ann")


def note(text: str = "Hi", actor: Actor = ANN, **more: Any) -> AddNote:
    """Make a note of some order."""
    return AddNote(
        **{"command_id": uuid4(), "actor": actor, "order_id": uuid4(), **more}, text=text
    )


def raised_of_one(client: Client) -> Any:
    """Hand one command in with no others, and raise why it has no outcome."""
    (settled,) = client.send_all([note()])
    if isinstance(settled, OrderpathError):
        raise settled
    return settled


WAYS: dict[str, Callable[[Client], Any]] = {
    "ask": lambda client: client.ask(ShowOrder(order="A-17")),
    "send": lambda client: client.send(note()),
    "send_all": raised_of_one,
}
ID: Final = b"6f1c5c3e-1111-4111-8111-111111111111"
ODD: Final = (
    b'{"outcome":["x"],"command_id":"' + ID + b'","first_position":null,"last_position":null,'
    b'"versions":{},"unmet":[],"repeated":false}'
)


@contextmanager
def another(status: int, body: bytes, **headers: str) -> Iterator[Client]:
    """Give a client of a server on loopback that answers everybody the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with Client(f"http://127.0.0.1:{server.server_port}", "ann", tries=1) as client:
            yield client
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "ways"),
    [
        (200, b"<html>", ("ask", "send", "send_all")),
        (404, b"<html>", ("ask", "send", "send_all")),
        (200, b'{"a":1}', ("send_all",)),
        (200, b"[]", ("send", "send_all")),
        (200, b'{"items":[]}', ("send_all",)),
        (200, b'{"items":[{"status":200,"answer":[]}]}', ("send_all",)),
        (200, b'{"outcome":"accepted"}', ("send", "send_all")),
        (200, b'{"outcome":"accepted","command_id":5}', ("send",)),
        (409, b'{"code":"conflict"}', ("ask", "send", "send_all")),
        (422, b'{"code":"refused","unmet":5}', ("ask", "send", "send_all")),
        (422, b'{"code":"refused","unmet":[5]}', ("ask", "send", "send_all")),
        (200, b'{"status":"ok"}', ("ask", "send", "send_all")),
        (200, b'[{"status":"ok"}]', ("ask",)),
        (200, b"[" * 100_000, ("ask", "send", "send_all")),
        (200, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, ("ask",)),
        (200, ODD, ("send",)),
        (200, ODD.replace(b'["x"]', b'"done"'), ("send",)),
        (204, b"", ("ask", "send", "send_all")),
        (404, b'{"message":"no Route matched with those values"}', ("ask", "send", "send_all")),
        (403, b'{"type":"about:blank","title":"No"}', ("ask", "send", "send_all")),
        (503, b'{"message":"later"}', ("ask", "send", "send_all")),
    ],
)
def test_what_is_no_orderpath_is_said_to_be_none(
    status: int, body: bytes, ways: tuple[str, ...]
) -> None:
    for way in ways:
        with another(status, body) as client, pytest.raises(InfraError) as told:
            WAYS[way](client)
        assert told.value.code == "server_unavailable", way
        assert "what answers there is no Orderpath" in str(told.value), way


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [200, 404])
def test_what_cannot_be_unpacked_is_no_orderpath(status: int, way: str) -> None:
    with (
        another(status, b"plain", content_encoding="gzip") as client,
        pytest.raises(InfraError, match="what answers there is no Orderpath"),
    ):
        WAYS[way](client)


def test_outcomes_are_kept_where_others_of_the_same_list_are_denied(
    server: Served, shop: Shop
) -> None:
    order_id = UUID(shop.place())
    server.door.denied_persons.add("bob")
    commands = [
        note(order_id=order_id, actor=Actor(kind="api_key", id="ann", on_behalf_of=person))
        for person in ("eva", "bob", "bob", "eva")
    ]

    with server.client() as client:
        settled = client.send_all(commands)

    told = [one.kind if isinstance(one, Outcome) else type(one) for one in settled]
    assert told == ["accepted", Denied, Denied, "accepted"]


def test_nothing_more_is_sent_once_the_server_answers_no_more() -> None:
    persons = ("eva", "bob", "eva")
    commands = [
        note(actor=Actor(kind="api_key", id="ann", on_behalf_of=person)) for person in persons
    ]

    with Client("http://127.0.0.1:9", "ann", tries=1) as client:
        settled = client.send_all(commands)

    assert len({id(one) for one in settled}) == 1
    assert isinstance(settled[0], InfraError)


def test_a_position_that_cannot_be_read_is_no_position() -> None:
    with another(200, b'{"order":"A-17"}', x_position="abc") as client:
        assert client.ask(ShowOrder(order="A-17")) == {"order": "A-17"}
        assert client.position == 0


def test_commands_for_several_persons_are_sent_for_each_of_them_in_their_order() -> None:
    persons = ["eva", "eva", "bob", None, "eva"]
    commands = [
        note(actor=Actor(kind="api_key", id="ann", on_behalf_of=person)) for person in persons
    ]

    sent = [(headers.get("X-On-Behalf-Of"), len(items)) for headers, items in _parts(commands)]

    assert sent == [("eva", 2), ("bob", 1), (None, 1), ("eva", 1)]


@pytest.mark.parametrize(("commands", "characters"), [(2 * MOST_AT_ONCE + 1, 1), (6_000, 2_000)])
def test_a_request_has_as_many_commands_as_a_server_takes(commands: int, characters: int) -> None:
    sent = [note("x" * characters) for _ in range(commands)]

    parts = [items for _, items in _parts(sent)]

    assert sum(map(len, parts)) == commands
    assert all(len(items) <= MOST_AT_ONCE for items in parts)
    assert all(sum(map(len, items)) + len(items) <= PART_BYTES + 1 for items in parts)
    assert Limits().body_bytes > PART_BYTES + 64


def test_commands_that_are_large_make_more_requests_than_their_number_asks_for() -> None:
    long = "\N{HOT BEVERAGE}" * 2_000  # three bytes each
    heavy = [note(long, reason=long) for _ in range(MOST_AT_ONCE)]

    parts = [items for _, items in _parts(heavy)]

    assert len(parts) > 1
    assert sum(map(len, parts)) == MOST_AT_ONCE
    assert all(sum(map(len, items)) + len(items) <= PART_BYTES + 1 for items in parts)


@pytest.mark.parametrize("text", ["[" * 2_000, ",{" * 1_000])
def test_texts_of_brackets_and_commas_are_sent_and_taken(
    server: Served, shop: Shop, text: str
) -> None:
    order_id = UUID(shop.place())
    commands = [note(text, order_id=order_id, reason=text) for _ in range(60)]

    with server.client() as client:
        settled = client.send_all(commands)

    assert [one.kind for one in settled if isinstance(one, Outcome)] == ["accepted"] * 60


def test_a_request_has_as_many_lists_and_values_as_a_server_takes() -> None:
    line = {"item_id": "1", "sku": "A", "title": "T", "quantity": 1, "unit_price_minor": 1}
    lines = tuple({**line, "item_id": str(number)} for number in range(500))
    order = PlaceOrder.model_validate(
        {"command_id": uuid4(), "actor": ANN, "order_id": uuid4(), "currency": "EUR"}
        | {"lines": lines}
    )
    parts = [items for _, items in _parts([order] * 250)]

    assert sum(map(len, parts)) == 250
    for items in parts:
        assert parsed(b'{"commands":[' + b",".join(items) + b"]}", Limits().body_bytes)
