"""Every action of the API by every ready-made role, as the table says; no place without a right.

A27: rights limit what somebody does and what he sees.
"""

from collections.abc import Mapping
from http.client import HTTPResponse
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import yaml
from pydantic_core import from_json

from domain.roles.lint import BESIDE_COMMANDS
from domain.vocabulary import COMMANDS
from domain.wire import encode
from infra.role_files import preset_names
from services.api.app import rights_of
from services.questions.catalog import BY_NAME
from services.questions.question import PUBLIC, Question
from tests.rights.conftest import NOBODY, Guarded
from tests.support import examples
from tests.support.waiting import ROOM_SECONDS

TABLE: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "rights.yaml").read_text())
ROLES = (*preset_names(), NOBODY)
# What writes as commands do and is none: method, place, what is said.
WRITES = {
    "import.start": ("POST", "/v1/imports", {"log": {"file": "x.csv", "mapping": "source: x"}})
}
PLACES = {"events": "/v1/events", "health.lag": "/health/lag", "metrics": "/metrics"}
OPEN = {
    "health.live": "/health/live",
    "health.ready": "/health/ready",
    "openapi": "/v1/openapi.json",
}


def place_of(question: Question) -> tuple[str, dict[str, Any]]:
    """Give where a question is asked, with an example of whatever has to be said."""
    schema = question.asked.model_json_schema()
    if "examples" in schema:
        return f"/v1{question.at}", dict(schema["examples"][0])
    said: dict[str, Any] = {}
    for name in schema.get("required", ()):
        field = schema["properties"][name]
        fallback = str(uuid4()) if field.get("format") == "uuid" else "x"
        said[name] = field.get("examples", [fallback])[0]
    place = question.at
    for name in question.asked.model_fields:
        if f"{{{name}}}" in place:
            place = place.replace(f"{{{name}}}", quote(str(said.pop(name)), safe=""))
    return f"/v1{place}", said


def asked(guarded: Guarded, name: str, role: str | None) -> int:
    """Ask something and give the status."""
    if name in PLACES or name in OPEN:
        return guarded.get({**PLACES, **OPEN}[name], role).status_code
    question = BY_NAME[name]
    return guarded.ask(role, question.method, *place_of(question)).status_code


def sent(guarded: Guarded, name: str, role: str | None) -> int:
    """Send the example of a command and give the status."""
    if name in WRITES:
        return guarded.ask(role, *WRITES[name]).status_code
    body = from_json(encode(examples.COMMANDS[name])) | {"command_id": str(uuid4())}
    left_out = {"actor", *COMMANDS[name].OF_PROGRAMS}
    told = {field: value for field, value in body.items() if field not in left_out}
    return guarded.send(role, told).status_code


def test_the_table_names_every_command_and_every_question_and_no_other() -> None:
    guarded_questions = {name for name, one in BY_NAME.items() if one.right != PUBLIC}
    public = {name for name, one in BY_NAME.items() if one.right == PUBLIC}

    assert set(TABLE["commands"]) == set(COMMANDS) | set(WRITES)
    assert set(WRITES) == BESIDE_COMMANDS
    assert set(TABLE["questions"]) == guarded_questions | set(PLACES)
    assert set(TABLE["anybody"]) == public | set(OPEN)


@pytest.mark.parametrize("name", TABLE["questions"])
def test_a27_whoever_the_table_names_is_answered_and_nobody_else(
    guarded: Guarded, name: str
) -> None:
    found = {role: asked(guarded, name, role) for role in ROLES}

    assert [role for role, status in found.items() if status != 403] == sorted(
        TABLE["questions"][name]
    )
    assert not {401, 500} & set(found.values()), found
    assert asked(guarded, name, None) == 401


@pytest.mark.parametrize("name", TABLE["commands"])
def test_a27_whoever_the_table_names_commands_and_nobody_else(guarded: Guarded, name: str) -> None:
    found = {role: sent(guarded, name, role) for role in ROLES}

    assert [role for role, status in found.items() if status != 403] == sorted(
        TABLE["commands"][name]
    )
    assert not {401, 500} & set(found.values()), found
    assert sent(guarded, name, None) == 401


@pytest.mark.parametrize("name", TABLE["anybody"])
def test_what_needs_no_key_is_answered_without_one(guarded: Guarded, name: str) -> None:
    assert asked(guarded, name, None) in (200, 404)


def test_no_place_is_without_a_check_of_rights(guarded: Guarded) -> None:
    """Walks the routes themselves, not the list that they should be in."""
    open_places = {*OPEN.values(), "/v1/track/{token}"}
    walked = []
    for route in guarded.app.routes:
        place, methods = route.path, route.methods  # type: ignore[attr-defined]
        assert {(place, one) for one in methods} - {(place, "HEAD")} <= set(rights_of(guarded.app))
        if place in open_places:
            continue
        for method in methods:
            filled = place.replace("{", "").replace("}", "")
            statuses = [
                guarded.http.request(method, filled, headers=headers, json={}).status_code
                for headers in ({}, {"Authorization": "Bearer op_000000000000_x"})
            ]
            assert statuses == [401, 401], (place, method, statuses)
            walked.append(place)
    assert len(walked) > 50


def test_a_batch_asks_for_the_right_of_each_of_its_commands(guarded: Guarded) -> None:
    place, role = (
        {**from_json(encode(examples.COMMANDS[name])), "command_id": str(uuid4())}
        for name in ("order.place", "role.publish")
    )
    items = [{k: v for k, v in one.items() if k != "actor"} for one in (place, role)]

    headers = guarded.shown("shop_front")
    answer = guarded.http.post("/v1/commands/batch", headers=headers, json={"commands": items})

    statuses = [one["status"] for one in answer.json()["items"]]
    assert statuses[1] == 403
    assert statuses[0] != 403
    assert guarded.http.post("/v1/commands/batch", json={"commands": items}).status_code == 401


def test_a_refusal_for_want_of_a_right_names_who_may(guarded: Guarded) -> None:
    body = from_json(encode(examples.COMMANDS["order.correct"]))
    del body["actor"]

    answer = guarded.send("warehouse", body)

    (unmet,) = answer.json()["unmet"]
    assert unmet["code"] == "command_not_permitted"
    assert unmet["needed"] == "one of the roles admin, lead"


@pytest.mark.parametrize("place", ["/v1/commands", "/v1/commands/batch"])
def test_whoever_may_command_nothing_is_told_so_before_his_body_comes(
    guarded: Guarded, place: str
) -> None:
    url, key = guarded.http.base_url, guarded.shown("analyst")["Authorization"]
    head = f"POST {place} HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: {key}\r\n"
    with create_connection((url.host, url.port), ROOM_SECONDS) as line:
        line.sendall(f"{head}Content-Length: 5000000\r\n\r\n".encode())
        answer = HTTPResponse(line)
        answer.begin()
        body = from_json(answer.read())

    assert answer.status == 403
    (unmet,) = body["unmet"]
    assert (unmet["code"], unmet["message"]) == (
        "command_not_permitted",
        "analyst may command nothing",
    )
    assert "shop_front" in unmet["needed"]
    assert "analyst" not in unmet["needed"]


def test_nobody_says_who_acts_but_the_key(guarded: Guarded) -> None:
    note = from_json(encode(examples.COMMANDS["order.add_note"]))
    actor = {"kind": "user", "id": "the-boss", "roles": ["admin"]}

    answer = guarded.send("manager", {**note, "actor": actor, "command_id": str(uuid4())})

    assert answer.status_code in (200, 409, 422)
    latest = guarded.system.log.read(max(guarded.system.log.head().position - 50, 0), 50)
    assert "the-boss" not in {one.actor_id for one in latest}
