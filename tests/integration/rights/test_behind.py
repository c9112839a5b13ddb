"""While the tables are behind, who has to wait for them waits with all others; the rest goes on."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.api.serving import listen, serve
from services.bootstrap import System
from services.reception import Reception
from services.together import Together
from tests.integration.rights.test_reach import SOUTH, place
from tests.support.waiting import ROOM_SECONDS, wait_for

MANY: Final = 12


@pytest.fixture
def app(system: System) -> Iterator[tuple[FastAPI, str]]:
    """A server that asks for rights, and where it is; the workers that feed its tables are away."""
    assert system.execute(place(SOUTH, "south", customer={"customer_id": "s"})).kind == "accepted"
    system.prepare_projections()
    system.read_models.drive("workers")
    ear, stop, began = listen("127.0.0.1", 0), Event(), Event()
    served = create_app(system, system.access)
    server = Thread(target=serve, args=(served, ear, stop), kwargs={"began": began.set})
    server.start()
    assert began.wait(ROOM_SECONDS)
    yield served, f"http://127.0.0.1:{ear.getsockname()[1]}"
    stop.set()
    server.join(ROOM_SECONDS)
    assert not server.is_alive()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as opened:
        yield opened


Send = Callable[..., httpx.Response]


@pytest.fixture
def send(app: tuple[FastAPI, str], make: Callable[..., str]) -> Send:
    """Hands a command in as who has a role of that name."""
    keys = {role: make(f"key-{role}", role) for role in ("shop_front", "admin")}

    def sent(role: str, command: str, **body: Any) -> httpx.Response:
        shown = {"Authorization": f"Bearer {keys[role]}", "Idempotency-Key": str(uuid4())}
        said = {"command": command, **body}
        where = f"{app[1]}/v1/commands"
        return httpx.post(where, json=said, headers=shown, timeout=ROOM_SECONDS)

    return sent


def contacts(send: Send, threads: ThreadPoolExecutor, who: str) -> list[Future[httpx.Response]]:
    """Change the contact of a customer of whom the tables know nothing yet, many times at once."""
    changed = {"customer_id": who, "name": "New"}
    return [
        threads.submit(send, "shop_front", "customer.change_contact", **changed)
        for _ in range(MANY)
    ]


class Held:
    """Tables that come to the end of the log when they are let."""

    def __init__(self, system: System) -> None:
        assert isinstance(system.pipeline, Reception)
        assert system.pipeline.acquaintances is not None
        self.times = 0
        self._let = Event()
        system.pipeline.acquaintances.tables.close()
        system.pipeline.acquaintances.tables = Together(self._wait, thread="held tables")

    async def _wait(self) -> None:
        self.times += 1
        self._let.wait(ROOM_SECONDS)

    def let(self) -> None:
        self._let.set()


@pytest.fixture
def held(app: tuple[FastAPI, str], system: System) -> Iterator[Held]:
    tables = Held(system)
    yield tables
    tables.let()


def test_a_command_goes_on_while_others_wait_for_the_tables(
    app: tuple[FastAPI, str], held: Held, send: Send, threads: ThreadPoolExecutor
) -> None:
    waiting = contacts(send, threads, "s")
    wait_for(lambda: app[0].state.desk.in_hand >= MANY and held.times == 1, "they never waited")

    answer = send("admin", "order.add_note", order_id=str(SOUTH), text="x")

    assert answer.status_code == 200
    assert not any(one.done() for one in waiting)
    assert held.times == 1  # They wait together.
    held.let()
    assert all(one.result().status_code < 500 for one in waiting)


def test_who_waits_for_tables_that_do_not_come_is_told_so(
    send: Send, threads: ThreadPoolExecutor
) -> None:
    answers = [one.result() for one in contacts(send, threads, "s")]

    assert {one.status_code for one in answers} == {503}
    assert {one.json().get("cause") for one in answers} == {"workers_behind"}


def test_more_commands_than_may_wait_for_the_tables_are_turned_away_at_once(
    system: System, held: Held, send: Send, threads: ThreadPoolExecutor
) -> None:
    assert isinstance(system.pipeline, Reception)
    system.pipeline.most_looked_up = 2

    sending = contacts(send, threads, "s")
    wait_for(lambda: sum(one.done() for one in sending) >= MANY - 2, "they wait")
    turned = [one.result() for one in sending if one.done()]
    held.let()

    assert {one.json()["code"] for one in turned} == {"busy"}
    assert {one.headers["retry-after"] for one in turned} == {"1"}
    assert len(turned) == MANY - 2
    assert [one.result().status_code < 500 for one in sending].count(True) == 2


def test_who_comes_while_the_server_ends_is_told_to_come_again(
    app: tuple[FastAPI, str], system: System, send: Send, make: Callable[..., str]
) -> None:
    key = {"Authorization": f"Bearer {make('reads', 'admin')}"}
    first = httpx.get(f"{app[1]}/v1/orders/{SOUTH}", headers=key)
    system.pipeline.close()
    app[0].state.desk.readers.close()
    app[0].state.desk.long_commands.close()

    answers = [
        send("admin", "order.add_note", order_id=str(SOUTH), text="y"),
        send("shop_front", "customer.change_contact", customer_id="s", name="New"),
        send("admin", "customer.erase", customer_id="s", reason_code="asked"),
        send("admin", "order.add_note", order_id=str(SOUTH), text="z" * 70_000),
        httpx.get(f"{app[1]}/v1/orders/{SOUTH}", headers=key),
    ]

    assert first.status_code == 200
    told = [(one.status_code, one.json().get("cause")) for one in answers]
    assert told == [(503, "pipeline_closed")] * len(answers)
    assert {one.headers["retry-after"] for one in answers} == {"1"}
