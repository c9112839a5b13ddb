"""Whatever is asked and sent, the answer is one that the description of the API knows."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.wire import encode
from services.api.limits import Limits
from services.api.openapi import described
from tests.integration.http.conftest import Shop
from tests.support import examples
from tests.support.api_fuzz import Known, Operation, operations, targets, with_another_value
from tests.support.served import Served, served

ROUNDS = 6  # of each place
SENDINGS = 4  # of each command
# What is behind is asked again at once: nobody waits here for what never comes.
LIMITS = Limits(position_seconds=0.01, poll_seconds=0.01)
MINE = ("actor", "command_id")  # The key says who acts, a header the id.
SENT = {
    name: {
        part: value
        for part, value in json.loads(encode(command)).items()
        if part not in (*MINE, *command.OF_PROGRAMS)
    }
    for name, command in examples.COMMANDS.items()
}
ALONE, BATCH = (Operation(described(), f"/v1/commands{more}", "post") for more in ("", "/batch"))
fuzzing = settings(
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server that has a little of everything behind it."""
    with served(database_url, tmp_path / "data", LIMITS) as running:
        with running.http() as http:
            for body in SENT.values():
                http.post("/v1/commands", json=body, headers={"Idempotency-Key": str(uuid4())})
        yield running


@pytest.fixture
def known(http: httpx.Client, shop: Shop) -> Known:
    """Names and ids of what is there."""
    ids = [shop.place(f"A-{number}", customer={"name": "Ann", "phone": "+79161234567"})
           for number in range(3)]  # fmt: skip
    shop.move(ids[0], "confirmed")
    numbers = [*ids, *ids, str(examples.ORDER_ID), "A-1", "nothing"]
    days = ["2026-11-27", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00+03:00"]
    durations = ["1d", "2h30m", "999999w"]
    found = http.get("/v1/customer-ids", params={"phone": "+79161234567"}).json()
    words = {
        "order": numbers, "path": ["universal", "olist", "shop"], "calendar": ["shop", "other"],
        "customer": [str(found["customer_id"]), "nobody"], "sku": ["TEA-100", "SKU"],
        "min_position": ["0", "1", "head"],
        "rule": sorted({str(body["rule"]) for body in SENT.values() if "rule" in body}),
        "since": [*days, *durations], "until": days, "start": [*days, "new"], "end": days,
        "as_of": days, "time": days, "silent_for": durations, "late": durations, "zone": ["UTC"],
    }  # fmt: skip
    ids_said = {name: sorted({str(body[f"{name}_id"]) for body in SENT.values()
                              if f"{name}_id" in body})
                for name in ("task", "alert", "effect", "enquiry")}  # fmt: skip
    return words | ids_said


def test_every_question_is_answered_as_it_is_described(http: httpx.Client, known: Known) -> None:
    faults: list[str] = []
    for operation in operations(described()):
        if not operation.place.startswith("/v1/commands"):
            faults += _asked(http, operation, known)

    assert not faults, "\n".join(faults)


def _asked(http: httpx.Client, operation: Operation, known: Known) -> list[str]:
    """Ask in many ways, and give what was wrong the last time."""
    found: list[str] = []

    @settings(fuzzing, max_examples=ROUNDS)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        target = data.draw(targets(operation, known))
        body = None
        if operation.body is not None:
            body = json.dumps(data.draw(_bodies(operation.body)))
        answer = http.request(operation.method, target, content=body)
        _check(operation.fault_of(answer), found)

    return _last_of(ask, found)


def _last_of(search: Callable[[], None], found: list[str]) -> list[str]:
    """Search, and give the simplest of what was found; hypothesis meets it last."""
    try:
        search()
    except AssertionError:
        return [found[-1]]
    return []


def _check(fault: str | None, found: list[str]) -> None:
    if fault is not None:
        found.append(fault)
    assert fault is None


@st.composite
def _bodies(draw: st.DrawFn, example: Any) -> Any:
    return example if draw(st.booleans()) else with_another_value(draw, example)


def test_every_command_is_answered_as_it_is_described(http: httpx.Client, known: Known) -> None:
    faults: list[str] = []
    for name, sent in SENT.items():
        faults += [f"{name}: {fault}" for fault in _sent(http, sent, known)]

    assert not faults, "\n".join(faults)


def _sent(http: httpx.Client, example: dict[str, Any], known: Known) -> list[str]:
    """Send a command in many ways, alone and in a batch, and give what was wrong the last time."""
    found: list[str] = []

    @settings(fuzzing, max_examples=SENDINGS)
    @given(st.data())
    def send(data: st.DataObject) -> None:
        body = data.draw(_bodies(example))
        if isinstance(body, dict) and "order_id" in body and data.draw(st.booleans()):
            body = body | {"order_id": data.draw(st.sampled_from(known["order"][:3]))}
        key = {"Idempotency-Key": str(uuid4())}
        for operation, content in ((ALONE, body), (BATCH, {"commands": [body]})):
            answer = http.post(operation.place, content=json.dumps(content), headers=key)
            _check(operation.fault_of(answer), found)

    return _last_of(send, found)


def test_who_asks_too_much_hears_what_is_described(database_url: str, tmp_path: Path) -> None:
    folder, limits = tmp_path / "data", Limits(per_second=1)
    with served(database_url, folder, limits) as server, server.http() as http:
        for operation in operations(described()):
            target = operation.place.replace("{", "").replace("}", "")
            answers = [http.request(operation.method, target, content=b"{}") for _ in range(2)]
            assert [operation.fault_of(answer) for answer in answers] == [None, None]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a": "\\ud800"}', b"[" * 500])
def test_what_is_no_json_object_is_answered_as_it_is_described(
    http: httpx.Client, body: bytes
) -> None:
    for operation in operations(described()):
        if operation.method == "post":
            answer = http.post(operation.place, content=body, headers={"Idempotency-Key": "k"})
            assert operation.fault_of(answer) is None
            assert 400 <= answer.status_code < 500
