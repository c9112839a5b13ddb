"""Definitions and large commands are read beside everybody else, and for whoever may send them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from pydantic_core import to_json

from domain.paths.conditional import compiled
from domain.wire import MAX_BYTES
from services.api.commands import LARGE_BYTES
from services.api.limits import Limits
from tests.integration.http.conftest import Shop
from tests.support.served import Served, served
from tests.support.waiting import ROOM_SECONDS, wait_for

MANY: Final = 400  # conditions: they take as long as hundreds of ordinary requests
A_MOMENT: Final = 3.0  # seconds; what is read for nobody would take many times as long
_numbers: Final = count(1)  # No two conditions of these tests are alike: each is compiled.


def condition() -> str:
    """Give one that nobody has compiled before, as long as they may be."""
    return " || ".join(f"order.total_minor > {next(_numbers)}" for _ in range(16))


def path(conditions: int) -> dict[str, Any]:
    """Give a path with so many conditions, each of them another one."""
    guards = ({"code": "told", "when": condition(), "message": "No"} for _ in range(conditions))
    return {
        "path": "long",
        "stages": ["open"],
        "statuses": {"new": {"stage": "open"}, "done": {"stage": "open"}},
        "initial": [{"status": "new"}],
        "transitions": [{"from": "new", "to": "done", "guards": [one]} for one in guards],
    }


def publish(conditions: int) -> dict[str, Any]:
    return {"command": "path.publish", "definition": path(conditions)}


def compiled_so_far() -> int:
    return compiled.cache_info().misses


def alone(http: httpx.Client, command: dict[str, Any]) -> httpx.Response:
    """Hand a command in by itself."""
    return http.post("/v1/commands", json=command, headers={"Idempotency-Key": str(uuid4())})


def in_a_batch(http: httpx.Client, command: dict[str, Any]) -> httpx.Response:
    """Hand a command in with no others, and give the answer to it."""
    body = {"commands": [{**command, "command_id": str(uuid4())}]}
    answer = http.post("/v1/commands/batch", json=body)
    item = answer.json()["items"][0]
    return httpx.Response(item["status"], json=item["answer"])


WAYS: Final = pytest.mark.parametrize("send", [alone, in_a_batch])
Send = Callable[[httpx.Client, dict[str, Any]], httpx.Response]


@WAYS
def test_of_a_command_that_its_sender_may_not_send_nothing_is_compiled(
    server: Served, http: httpx.Client, send: Send
) -> None:
    server.door.taken.add("path.publish")
    before = compiled_so_far()

    answer = send(http, publish(20))

    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert compiled_so_far() == before


@WAYS
def test_the_right_is_told_before_what_is_wrong_with_the_body(
    server: Served, http: httpx.Client, send: Send
) -> None:
    server.door.taken.add("path.publish")

    denied = send(http, {"command": "path.publish", "definition": {}, "colour": "red"})
    unknown = send(http, {"command": "path.publsh"})

    assert (denied.status_code, denied.json()["code"]) == (403, "denied")
    assert unknown.json()["unmet"][0]["code"] == "command_unknown"


@WAYS
def test_others_are_answered_while_a_definition_is_read(http: httpx.Client, send: Send) -> None:
    with ThreadPoolExecutor(1) as beside:
        began = monotonic()
        publishing = beside.submit(send, http, publish(MANY))
        gaps: list[float] = []
        while not publishing.done():
            asked = monotonic()
            assert http.get("/health/live").status_code == 200
            gaps.append(monotonic() - asked)
        took = monotonic() - began

    assert publishing.result().json()["outcome"] == "accepted"
    assert max(gaps) < took / 4, "somebody waited as long as for the definition"


def test_an_order_is_placed_while_a_definition_is_read(http: httpx.Client, shop: Shop) -> None:
    before = compiled_so_far()
    with ThreadPoolExecutor(1) as beside:
        publishing = beside.submit(alone, http, publish(MANY))
        wait_for(lambda: compiled_so_far() > before)
        shop.place()
        was_read = publishing.done()

    assert not was_read
    assert publishing.result().json()["outcome"] == "accepted"


def test_commands_of_a_batch_do_not_overtake_one_that_is_large(http: httpx.Client) -> None:
    line = {"sku": "TEA-100", "title": "Tea" * 30, "quantity": 2, "unit_price_minor": 450}
    lines = [{**line, "item_id": str(number)} for number in range(500)]
    order_id = str(uuid4())
    large = {"command": "order.place", "order_id": order_id, "currency": "EUR", "lines": lines}
    note = {"command": "order.add_note", "order_id": order_id, "text": "Call"}
    assert len(to_json(large)) > LARGE_BYTES

    items = http.post(
        "/v1/commands/batch", json={"commands": [large, note]}, headers={"Idempotency-Key": "k"}
    ).json()["items"]

    assert [one["answer"]["outcome"] for one in items] == ["accepted", "accepted"]


def test_a_command_of_a_batch_is_as_large_as_one_alone_at_most(http: httpx.Client) -> None:
    order_id = str(uuid4())
    note = {"command": "order.add_note", "order_id": order_id, "command_id": str(uuid4())}
    large = {**note, "text": "x" * MAX_BYTES}
    commands = [large, {**note, "command_id": str(uuid4()), "text": "Call"}]

    told = alone(http, large)
    items = http.post("/v1/commands/batch", json={"commands": commands}).json()["items"]

    assert told.status_code == items[0]["status"] == 413
    codes = [one["answer"]["unmet"][0]["code"] for one in items]
    assert codes == ["command_too_large", "order_unknown"]


@WAYS
def test_too_many_definitions_at_once_are_503_and_other_commands_are_not(
    database_url: str, tmp_path: Path, send: Send
) -> None:
    with (
        served(database_url, tmp_path, Limits(long_waiting=0)) as server,
        server.http() as http,
    ):
        turned = send(http, publish(1))
        large = send(http, {"command": "order.add_note", "text": "x" * 100_000})
        Shop(http).place()

    assert [one.status_code for one in (turned, large)] == [503, 503]
    assert turned.json()["code"] == "busy"


def test_a_definition_that_takes_too_long_is_read_no_further_and_the_next_try_goes_on(
    database_url: str, tmp_path: Path
) -> None:
    with (
        served(database_url, tmp_path, Limits(command_seconds=0.2)) as server,
        server.http() as http,
    ):
        body, key = publish(MANY), {"Idempotency-Key": "k"}
        answers: list[httpx.Response] = []
        reached = [compiled_so_far()]
        until = monotonic() + ROOM_SECONDS
        while not answers or (answers[-1].status_code == 503 and monotonic() < until):
            answers.append(http.post("/v1/commands", json=body, headers=key))
            wait_for(lambda: not server.desk.long_commands.in_hand, "it is read on for nobody")
            reached.append(compiled_so_far())

    assert (answers[0].status_code, answers[0].json()["code"]) == (503, "too_slow")
    assert reached[1] - reached[0] < MANY, "it was read to its end for nobody"
    assert answers[-1].json()["outcome"] == "accepted"
    assert reached[-1] - reached[0] == MANY, "what was compiled before was compiled again"


def test_a_question_that_takes_too_long_is_read_no_further(
    database_url: str, tmp_path: Path
) -> None:
    moves = "".join(f"  - {{from: s{n}, to: s{n + 1}}}\n" for n in range(30_000))
    body = {"path": {"file": {"name": "long.yaml", "text": f"path: long\ntransitions:\n{moves}"}}}
    limits = Limits(question_seconds=1.0, readers=1)
    with served(database_url, tmp_path, limits) as server, server.http() as http:
        assert http.get("/v1/outlets").status_code == 200
        late = http.post("/v1/path-lint", json=body)
        wait_for(lambda: http.get("/v1/outlets").status_code == 200, "it is read on", A_MOMENT)

    assert (late.status_code, late.json()["code"]) == (503, "too_slow")


def test_a_question_has_not_more_values_than_can_be_told_to_be_wrong(http: httpx.Client) -> None:
    text = "path: long\n# " + ',\\"' * 30_000
    of_values = http.post("/v1/rule-lint", content=b'{"rules": [' + b"1," * 20_001 + b"1]}")
    of_a_text = http.post("/v1/path-lint", json={"path": {"file": {"name": "a", "text": text}}})

    assert (of_values.status_code, of_values.json()["code"]) == (413, "too_large")
    assert (of_a_text.status_code, of_a_text.json()["code"]) == (422, "unusable")


def test_a_path_with_more_conditions_than_anybody_can_wait_for_is_413(http: httpx.Client) -> None:
    before = compiled_so_far()

    answer = alone(http, publish(1_500))

    assert answer.status_code == 413
    assert answer.json()["unmet"][0]["code"] == "command_too_large"
    assert compiled_so_far() - before < 1_000
