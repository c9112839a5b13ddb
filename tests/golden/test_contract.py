"""D13: what downstream builds on is checked in as the models have it, and never broken."""

import json
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT7

from domain.public.audit_head import AuditHead
from domain.public.envelope import SCHEMAS
from domain.public.events import TYPES
from domain.public.order_state import OrderState
from domain.streaming import CHECKPOINTS, ORDER_EVENTS, ORDER_STATE
from tests.golden.contract import (
    CONTRACT,
    MODELS,
    RELEASED,
    broken,
    contract,
    released,
    schema_of,
)
from tests.support.compatibility import structure

ADD: Final = "run: python -m tests.golden.add"
DOCUMENT: Final = yaml.safe_load((CONTRACT / "asyncapi.yaml").read_text())
MESSAGES: Final = DOCUMENT["components"]["messages"]
PUBLISHED: Final = [*(told.TYPE for told in TYPES), OrderState.TYPE, AuditHead.TYPE]
MADE: Final = contract()

each_model = pytest.mark.parametrize("name", MODELS)
each_message = pytest.mark.parametrize("name", PUBLISHED)


@pytest.mark.parametrize("file", MADE)
def test_the_checked_in_file_is_that_of_the_models(file: str) -> None:
    assert (CONTRACT / file).read_text() == MADE[file], "run: make schema"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in CONTRACT.iterdir() if path.is_file()} == set(MADE)


@each_model
def test_every_schema_is_one_and_open_for_fields_to_come(name: str) -> None:
    schema = schema_of(name)

    Draft7Validator.check_schema(schema)
    assert schema["$id"] == SCHEMAS + name
    assert 'additionalProperties": false' not in json.dumps(schema)


@each_model
def test_nothing_breaks_a_reader_of_what_was_released(name: str) -> None:
    assert broken(name) == []


@each_model
def test_what_was_released_last_is_written_down(name: str) -> None:
    assert released(name)[-1:] == [structure(schema_of(name))], ADD


def test_no_message_goes_away() -> None:
    assert {path.name.rsplit(".", 2)[0] for path in RELEASED.glob("*.json")} == set(MODELS)


def test_the_document_has_a_channel_for_each_public_topic_as_it_is_made() -> None:
    channels = {one["address"]: one for one in DOCUMENT["channels"].values()}

    assert set(channels) == {ORDER_EVENTS.name, ORDER_STATE.name, CHECKPOINTS.name}
    for topic in (ORDER_EVENTS, ORDER_STATE, CHECKPOINTS):
        binding = channels[topic.name]["bindings"]["kafka"]
        assert (binding["topic"], binding["partitions"]) == (topic.name, topic.partitions)
        kept = {"cleanup.policy": [topic.cleanup], "retention.ms": -1}
        assert binding["topicConfiguration"] == kept
        assert topic.retention_hours is None
    assert set(channels[ORDER_STATE.name]["messages"]) == {OrderState.TYPE}
    assert set(channels[ORDER_EVENTS.name]["messages"]) == {told.TYPE for told in TYPES}


def test_every_reference_of_the_document_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        if reference.startswith("./"):
            assert (CONTRACT / reference).exists()
            continue
        part: Any = DOCUMENT
        for key in reference.removeprefix("#/").split("/"):
            part = part[key]


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [one for inner in part for one in references(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if "$ref" in part else []
    return own + [one for inner in part.values() for one in references(inner)]


@each_message
def test_every_message_has_its_key_its_words_and_an_example_that_is_one(name: str) -> None:
    message = MESSAGES[name]

    assert message["bindings"]["kafka"]["key"]["format"] == "uuid"
    assert message["summary"].endswith(".")
    validator = payload_validator(message["payload"]["schema"])
    for example in message["examples"]:
        assert list(validator.iter_errors(example["payload"])) == []
    assert not validator.is_valid({**message["examples"][0]["payload"], "epoch": "first"})


def payload_validator(schema: Any) -> Draft7Validator:
    registry: Registry[Any] = Registry().with_resources(
        (f"./{name}.schema.json", DRAFT7.create_resource(schema_of(name))) for name in MODELS
    )
    return Draft7Validator(schema, registry=registry, format_checker=FormatChecker())
