"""The JSON Schemas of commands and answers: what a sender reads is what the reader accepts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from domain.wire import encode
from tests.golden.command_schemas import FOLDER, schemas
from tests.support.examples import COMMANDS


def schema_of(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.schema.json").read_text())


def test_the_checked_in_schemas_are_those_of_the_models() -> None:
    checked_in = {path.name: path.read_text() for path in FOLDER.glob("*.schema.json")}

    assert checked_in == dict(schemas()), "run: make schema"


@pytest.mark.parametrize("name", [*COMMANDS, "envelope", "answer"])
def test_each_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_of_every_command_is_valid_by_its_schema_and_by_the_envelope(name: str) -> None:
    sent = json.loads(encode(COMMANDS[name]))

    assert list(Draft202012Validator(schema_of(name)).iter_errors(sent)) == []
    assert list(Draft202012Validator(schema_of("envelope")).iter_errors(sent)) == []


def test_a_command_under_another_name_is_not_valid() -> None:
    sent = json.loads(encode(COMMANDS["order.place"])) | {"command": "order.add_note"}

    assert not Draft202012Validator(schema_of("order.place")).is_valid(sent)


def integers(schema: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Give every integer within a schema, by where it stands."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield where, schema
        for name, part in schema.items():
            yield from integers(part, f"{where}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from integers(part, where)


@pytest.mark.parametrize("name", [*COMMANDS, "envelope"])
def test_no_integer_of_a_command_is_larger_than_what_read_models_keep(name: str) -> None:
    told = list(integers(schema_of(name)))
    boundless = [where for where, one in told if {"minimum", "maximum"} - one.keys()]
    larger = [where for where, one in told if one.get("maximum", 0) >= 2**63]

    assert told
    assert (boundless, larger) == ([], [])
