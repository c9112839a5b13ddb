"""A server that is killed under load, or told to end: no answer is lost, no command done twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID, uuid4

import httpx
import pytest

from domain.messages import Actor, Outcome
from domain.orders.commands import AddNote, PlaceOrder
from domain.orders.money import Line
from services.client import Client
from services.questions.orders import OrderHistory
from tests.support.served import ServerProcess
from tests.support.waiting import wait_for

CALLERS = 8
ANN = Actor(kind="api_key", id="ann")


@pytest.fixture
def process(environment: dict[str, str]) -> Iterator[ServerProcess]:
    """A server as a process of its own."""
    made = ServerProcess(environment)
    made.start()
    yield made
    made.leave()


def place(client: Client) -> UUID:
    """Place an order."""
    order_id = uuid4()
    line = Line(item_id="1", sku="TEA", title="Tea", quantity=1, unit_price_minor=450)
    outcome = client.send(
        PlaceOrder(command_id=uuid4(), actor=ANN, order_id=order_id, currency="EUR", lines=(line,))
    )
    assert outcome.kind == "accepted"
    return order_id


def test_clients_of_a_server_that_is_killed_get_their_one_outcome_by_the_same_key(
    process: ServerProcess, rounds: int
) -> None:
    enough = Event()
    with Client(process.url, "ann") as client:
        order_id = place(client)

    def write(caller: int) -> dict[UUID, tuple[str, Outcome]]:
        done: dict[UUID, tuple[str, Outcome]] = {}
        with Client(process.url, "ann", tries=200) as client:
            while not enough.is_set():
                text = f"{caller}:{len(done)}"
                note = AddNote(command_id=uuid4(), actor=ANN, order_id=order_id, text=text)
                done[note.command_id] = text, client.send(note)
        return done

    with ThreadPoolExecutor(CALLERS) as many:
        writing = [many.submit(write, caller) for caller in range(CALLERS)]
        for _ in range(rounds):
            before = _position(process)
            wait_for(lambda known=before: _position(process) > known + 20)  # type: ignore[misc]
            process.kill()
            process.start()
        enough.set()
        answered = {key: value for one in writing for key, value in one.result().items()}

    with Client(process.url, "ann") as client:
        changes = client.ask(OrderHistory(order=str(order_id)))["changes"]
    stored = {UUID(one["command_id"]): one["to"] for one in changes if one["field"] == "note"}
    assert stored == {key: text for key, (text, _) in answered.items()}
    assert {outcome.kind for _, outcome in answered.values()} == {"accepted"}
    positions = {UUID(one["command_id"]): one["position"] for one in changes}
    assert all(o.first_position == positions[key] for key, (_, o) in answered.items())


def _position(process: ServerProcess) -> int:
    answer = httpx.get(f"{process.url}/v1/log/head", headers={"Authorization": "Bearer ann"})
    found: int = answer.json()["position"]
    return found


def test_a_server_that_is_told_to_end_gives_every_answer_that_is_in_hand(
    process: ServerProcess,
) -> None:
    with Client(process.url, "ann") as client:
        order_id = place(client)
    answers: list[int] = []
    cut: list[dict[str, str]] = []  # keys of what was cut off, as nobody had let it in yet
    began = Event()

    def write(caller: int) -> None:
        headers = {"Authorization": "Bearer ann"}
        with httpx.Client(base_url=process.url, headers=headers, timeout=30) as http:
            for number in range(10_000):
                body = {"command": "order.add_note", "order_id": str(order_id), "text": "Hi"}
                key = {"Idempotency-Key": f"{caller}:{number}"}
                try:
                    answer = http.post("/v1/commands", json=body, headers=key)
                except httpx.ConnectError:
                    return  # Nobody is let in any more.
                except (httpx.ReadError, httpx.RemoteProtocolError):
                    cut.append(key)
                    return
                answers.append(answer.status_code)
                began.set()

    with ThreadPoolExecutor(CALLERS) as many:
        writing = [many.submit(write, caller) for caller in range(CALLERS)]
        assert began.wait(60)
        with httpx.stream(
            "GET",
            f"{process.url}/v1/events",
            headers={"Authorization": "Bearer ann", "Accept": "text/event-stream"},
        ) as stream:
            code = process.end()
            assert b"order.placed.v1" in b"".join(stream.iter_raw())
        for one in writing:
            one.result()

    assert code == 0
    assert set(answers) == {200}
    process.start()
    body = {"command": "order.add_note", "order_id": str(order_id), "text": "Hi"}
    with httpx.Client(base_url=process.url, headers={"Authorization": "Bearer ann"}) as http:
        again = [http.post("/v1/commands", json=body, headers=key).json() for key in cut]
    assert [one for one in again if one["repeated"]] == [], "It was done, and not answered."
