"""D13: what downstream builds on is checked in as the models have it, and never broken."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event as Signal
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT7

from consumers.commands import CommandConsumer, Decisions
from consumers.dead_letters import DeadLetters
from consumers.hand_over import Incoming
from consumers.reading_on import Unreadable
from domain.public.audit_head import AuditHead
from domain.public.dead_letters import CommandLetter, RecordLetter
from domain.public.envelope import SCHEMAS
from domain.public.events import TYPES
from domain.public.order_state import OrderState
from domain.streaming import (
    CHECKPOINTS,
    COMMANDS,
    DEADLETTERS,
    LOG,
    ORDER_EVENTS,
    ORDER_STATE,
    Message,
)
from tests.golden.contract import (
    CONTRACT,
    HELD,
    MODELS,
    RELEASED,
    broken,
    contract,
    held,
    released,
    schema_of,
)
from tests.support.taken_commands import Post, Records, record

ADD: Final = "run: python -m tests.golden.add"
DOCUMENT: Final = yaml.safe_load((CONTRACT / "asyncapi.yaml").read_text())
MESSAGES: Final = DOCUMENT["components"]["messages"]
PUBLISHED: Final = [*(told.TYPE for told in TYPES), OrderState.TYPE, AuditHead.TYPE]
MADE: Final = contract()

each_model = pytest.mark.parametrize("name", MODELS)
each_held = pytest.mark.parametrize("name", HELD)
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


@each_held
def test_nothing_breaks_a_reader_of_what_was_released(name: str) -> None:
    assert broken(name) == []


@each_held
def test_what_was_released_last_is_written_down(name: str) -> None:
    assert released(name)[-1:] == [held(name)], ADD


def test_no_message_goes_away() -> None:
    assert {path.name.rsplit(".", 2)[0] for path in RELEASED.glob("*.json")} == set(HELD)


def test_the_document_has_a_channel_for_each_public_topic_as_it_is_made() -> None:
    channels = {one["address"]: one for one in DOCUMENT["channels"].values()}

    public = (ORDER_EVENTS, ORDER_STATE, CHECKPOINTS, DEADLETTERS)
    assert set(channels) == {topic.name for topic in public}
    for topic in public:
        binding = channels[topic.name]["bindings"]["kafka"]
        assert (binding["topic"], binding["partitions"]) == (topic.name, topic.partitions)
        kept = {"cleanup.policy": [topic.cleanup], "retention.ms": -1}
        assert binding["topicConfiguration"] == kept
        assert topic.retention_hours is None
    assert set(channels[ORDER_STATE.name]["messages"]) == {OrderState.TYPE}
    assert set(channels[ORDER_EVENTS.name]["messages"]) == {told.TYPE for told in TYPES}
    letters = {CommandLetter.TYPE, RecordLetter.TYPE}
    assert set(channels[DEADLETTERS.name]["messages"]) == letters


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


def letters_of_commands() -> list[Message]:
    """Give what the consumer of commands tells of what it cannot read, in Kafka or in its bytes."""
    stop, post = Signal(), Post()
    spoiled = Unreadable(COMMANDS.name, 0, 18, "CorruptRecordException")
    records = Records(stop, [record(17, b"{", key=b"o-1"), spoiled])
    nobody = Decisions(lambda _: Future(), lambda _: pytest.fail("nobody is erased"))
    CommandConsumer(records, nobody, post, stop).run()
    return [message for message in post.sent if message.topic == DEADLETTERS.name]


def letters_of_workers() -> list[Message]:
    """Give what a worker tells of a record that it cannot read."""
    post = Post()
    letters = DeadLetters(lambda: post)
    letters.add(Incoming(LOG.name, 3, 17, {"format": b"2"}, b"?"), "its rows are no rows")
    letters.send()
    return post.sent


@pytest.mark.parametrize(
    ("name", "other", "letters"),
    [
        (CommandLetter.TYPE, RecordLetter.TYPE, letters_of_commands),
        (RecordLetter.TYPE, CommandLetter.TYPE, letters_of_workers),
    ],
)
def test_dead_letters_and_their_example_are_as_the_contract_says_and_tell_their_kind(
    name: str, other: str, letters: Callable[[], list[Message]]
) -> None:
    mine, others = (payload_validator(MESSAGES[one]["payload"]["schema"]) for one in (name, other))

    sent = [json.loads(message.value or b"") for message in letters()]

    assert sent
    for told in (*sent, *(example["payload"] for example in MESSAGES[name]["examples"])):
        assert list(mine.iter_errors(told)) == []
        assert not others.is_valid(told)


def test_the_answer_in_a_dead_letter_is_an_answer() -> None:
    schema = json.loads((CONTRACT / "commands/answer.schema.json").read_text())

    for message in letters_of_commands():
        told = json.loads(message.value or b"")
        assert list(Draft202012Validator(schema).iter_errors(told["answer"])) == []


def payload_validator(schema: Any) -> Draft7Validator:
    registry: Registry[Any] = Registry().with_resources(
        (f"./{name}.schema.json", DRAFT7.create_resource(schema_of(name))) for name in MODELS
    )
    return Draft7Validator(schema, registry=registry, format_checker=FormatChecker())
