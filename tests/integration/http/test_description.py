"""The description of the API: valid, complete, and its examples are what it says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate

from domain.vocabulary import COMMANDS
from services.api.app import create_app, rights_of
from services.api.callers import NOBODY
from services.api.description import written
from services.api.limits import Limits
from services.api.openapi import described
from services.questions.catalog import BY_NAME
from services.questions.question import PUBLIC
from tests.support.served import Served, served

MANY = 12  # who ask at once


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The whole description."""
    return described()


def test_the_description_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_server_gives_its_description_to_anybody(
    server: Served, document: dict[str, Any]
) -> None:
    assert httpx.get(f"{server.url}/v1/openapi.json").json() == document


def test_the_description_is_zipped_for_who_takes_it_and_counted_by_address(
    database_url: str, tmp_path: Path
) -> None:
    limits = Limits(per_second=1)
    with served(database_url, tmp_path, limits) as server, httpx.Client() as nobody:
        place = f"{server.url}/v1/openapi.json"
        first, *others = (nobody.get(place) for _ in range(3))

    assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip")
    assert 429 in [one.status_code for one in others]


def test_every_place_is_described_and_every_described_place_is_there(
    server: Served, document: dict[str, Any]
) -> None:
    app = create_app(server.system, NOBODY)
    there = set(rights_of(app)) - {("/v1/openapi.json", "GET")}

    told = {(at, verb.upper()) for at, verbs in document["paths"].items() for verb in verbs}

    assert told == there


def test_every_place_has_a_right_or_is_one_of_the_few_that_are_public(server: Served) -> None:
    rights = rights_of(create_app(server.system, NOBODY))
    routes: Any = create_app(server.system, NOBODY).routes
    there = {(one.path, verb) for one in routes for verb in one.methods - {"HEAD"}}

    assert there == set(rights)
    assert {place for (place, _), right in rights.items() if right == PUBLIC} == {
        "/health/live", "/health/ready", "/v1/openapi.json", "/v1/track/{token}",
    }  # fmt: skip


def test_no_place_that_is_not_public_answers_nobody(server: Served) -> None:
    rights = rights_of(create_app(server.system, NOBODY))
    with httpx.Client(base_url=server.url) as nobody:
        for (place, method), right in rights.items():
            answer = nobody.request(method, place.replace("{", "").replace("}", ""), content=b"{}")
            assert (answer.status_code == 401) is (right != PUBLIC), (place, answer.text)


def test_every_command_and_every_question_is_in_the_description(
    document: dict[str, Any],
) -> None:
    mapping = document["components"]["schemas"]["Command"]["discriminator"]["mapping"]
    operations = {one["operationId"] for verbs in document["paths"].values()
                  for one in verbs.values()}  # fmt: skip

    assert set(mapping) == set(COMMANDS)
    assert set(BY_NAME) <= operations


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    checked = 0
    for place, verbs in document["paths"].items():
        for operation in verbs.values():
            for example, schema in _examples(operation):
                _check(document, schema, example, place)
                checked += 1

    assert checked > 300


def test_every_place_tells_its_problems_with_an_example(document: dict[str, Any]) -> None:
    for place, verbs in document["paths"].items():
        for operation in verbs.values():
            problems = {s: a for s, a in operation["responses"].items() if s >= "400"}
            assert problems, place
            if operation.get("security") != []:
                assert {"401", "403", "429", "503"} <= set(problems), place
            for answer in problems.values():
                assert answer["content"]["application/problem+json"]["examples"], place


@pytest.mark.parametrize("place", ["/v1/orders/{order}", "/v1/orders", "/v1/audit/heads"])
def test_the_position_that_every_question_may_name_is_described(
    http: httpx.Client, document: dict[str, Any], place: str
) -> None:
    asked = {"min_position": 1_000_000}
    answer = http.get(place.replace("{order}", "A-17"), params=asked)
    told = document["paths"][place]["get"]
    questions = [
        one
        for verbs in document["paths"].values()
        for one in verbs.values()
        if one["operationId"] in BY_NAME
    ]

    assert (answer.status_code, answer.json()["code"]) == (503, "behind")
    problem = told["responses"]["503"]["content"]["application/problem+json"]
    assert "behind" in problem["examples"]
    for one in questions:
        assert "min_position" in {field["name"] for field in one["parameters"]}, one["operationId"]


def test_what_a_batch_is_answered_to_a_key_that_is_none_is_described(
    http: httpx.Client, document: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "k" * 256}
    answer = http.post("/v1/commands/batch", json={"commands": [{}]}, headers=headers)

    told = document["paths"]["/v1/commands/batch"]["post"]["responses"]["400"]

    assert (answer.status_code, answer.json()["code"]) == (400, "key_missing")
    assert "key_missing" in told["content"]["application/problem+json"]["examples"]


def test_that_head_is_answered_is_said(http: httpx.Client, document: dict[str, Any]) -> None:
    answer = http.head("/v1/orders")

    assert (answer.status_code, answer.content) == (200, b"")
    assert "HEAD" in document["info"]["description"]


def test_every_link_leads_to_a_place_by_parameters_that_it_has(document: dict[str, Any]) -> None:
    operations = [one for verbs in document["paths"].values() for one in verbs.values()]
    places = {one["operationId"]: one.get("parameters", ()) for one in operations}
    answers = [answer for one in operations for answer in one["responses"].values()]
    links = [link for answer in answers for link in answer.get("links", {}).values()]

    assert links
    for link in links:
        there = {one["name"] for one in places[link["operationId"]]}
        assert {name.rpartition(".")[2] for name in link["parameters"]} <= there, link


def _examples(operation: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    found = [
        (one["example"], one["schema"])
        for one in operation.get("parameters", ())
        if "example" in one
    ]
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [one.get("content", {}) for one in operation["responses"].values()]
    for content in contents:
        for said in content.values():
            if "example" in said:
                found.append((said["example"], said["schema"]))
            found += [(one["value"], said["schema"]) for one in said.get("examples", {}).values()]
    return found


def _check(document: dict[str, Any], schema: dict[str, Any], example: Any, place: str) -> None:
    whole = {**schema, "components": document["components"]}
    faults = list(jsonschema.Draft202012Validator(whole).iter_errors(example))
    assert not faults, (place, example, faults[:1])


def test_every_place_says_that_it_may_be_busy_and_when_to_come_again(
    document: dict[str, Any],
) -> None:
    for place, verbs in document["paths"].items():
        for operation in verbs.values():
            told = operation["responses"]["503"]
            problems = told["content"]["application/problem+json"]["examples"]
            assert problems["busy"]["value"]["status"] == 503, place
            assert "Retry-After" in told["headers"], place


def test_the_first_callers_have_the_description_written_once_for_all_of_them(
    server: Served,
) -> None:
    written.cache_clear()
    described.cache_clear()
    with ThreadPoolExecutor(MANY) as many:
        asked = [many.submit(httpx.get, f"{server.url}/v1/openapi.json") for _ in range(MANY)]
        answers = {one.result().content for one in asked}

    assert len(answers) == 1
    assert (described.cache_info().misses, written.cache_info().misses) == (1, 1)
