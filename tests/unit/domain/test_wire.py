"""What would take long to read is told to be too large before it takes long."""

from collections.abc import Mapping
from time import process_time
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import from_json, to_json

from domain.errands import on
from domain.paths.conditional import compiled
from domain.paths.definition import LEAST_COUNTED, MAX_COMPILED_CHARACTERS
from domain.refusals import CommandUnreadable, InfraError
from domain.wire import MAX_PARSED, MAX_TOLD, MAX_WITHIN, decode, encode, parsed
from services.api.limits import Limits
from services.api.questions_in_hand import QuestionInHand
from tests.support.examples import COMMANDS, actor

MOST_SECONDS = 5.0  # of our CPU: what looks at all faults for each takes some 50
MOST_BYTES = Limits().body_bytes
MOST_SHORT = MAX_COMPILED_CHARACTERS // LEAST_COUNTED  # short conditions of one definition


def command(name: str, definition: Mapping[str, Any]) -> bytes:
    body = {"command": name, "command_id": UUID(int=1), "actor": actor(), "definition": definition}
    return to_json(body)


def path(*conditions: str) -> dict[str, Any]:
    """Give a path whose moves ask these conditions."""
    guards = ({"code": "told", "when": one, "message": "No"} for one in conditions)
    return {
        "path": "long",
        "stages": ["open"],
        "statuses": {"new": {"stage": "open"}, "done": {"stage": "open"}},
        "initial": [{"status": "new"}],
        "transitions": [{"from": "new", "to": "done", "guards": [one]} for one in guards],
    }


def template(*texts: str) -> dict[str, Any]:
    """Give a template that says a text in each language."""
    codes = (f"{one}{other}" for one in "abcdefgh" for other in "abcdefgh")
    wordings = ({"text": text} for text in texts)
    return {"template": "long", "channel": "sms", "texts": dict(zip(codes, wordings, strict=False))}


def fault(body: bytes) -> tuple[str, str | None]:
    """Give code and field of the one fault that a command has."""
    with pytest.raises(CommandUnreadable) as caught:
        decode(body)
    (unmet,) = caught.value.unmet
    return unmet.code, unmet.field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"command": "order.add_note", "text": "a", "command": "order.erase"}', "command"),
        ('{"command":"order.add_note","text":"a","t\\u0065xt":"b"}', "text"),
        ('{"lines": [{"sku": "a"}, {"sku": "b", "quantity": 1, "sku": "c"}]}', "sku"),
        ('{"facts":{"Anna Smith":1,"Anna Smith":1}}', "?"),
    ],
)
def test_a_name_that_stands_twice_in_an_object_is_a_fault_and_none_of_both_counts(
    body: str, field: str
) -> None:
    assert fault(body.encode()) == ("field_invalid", field)


@pytest.mark.parametrize(
    "body",
    [
        b' {"a" : 1e5, "b": [{"a": "\\u00e9", "b": "a\\": "}, {"a": 12.50}], "c": {"a": -0}} ',
        b'{"a":' + b"9" * 4_300 + b"}",
        '{"a":"\N{SNOWMAN}\N{DELETE}","ä":1}'.encode(),
        b'{"a":' * 190 + b"1" + b"}" * 190,
    ],
)
def test_a_name_may_stand_in_many_objects_however_they_are_written(body: bytes) -> None:
    assert parsed(body)


def test_many_lists_and_objects_are_too_large_before_they_are_parsed() -> None:
    with pytest.raises(CommandUnreadable) as caught:
        parsed(b'{"commands":[' + b"[]," * MAX_WITHIN + b"[]]}")

    assert caught.value.unmet[0].code == "command_too_large"


@pytest.mark.parametrize(
    "body",
    [
        b'{"commands":[' + b"1," * 4_000_000 + b"1]}",
        b'{"commands":{' + b",".join(b'"%x":1' % name for name in range(700_000)) + b"}}",
        b'{"commands": {' + b",".join(b'"%x":1' % name for name in range(700_000)) + b"}}",
        b'{"a":"\\\\\\"","commands":[' + b'"\\"",' * MAX_PARSED + b'"",1]}',
        b'{"commands":[' + b"1," * (MAX_PARSED + 1),
    ],
)
def test_many_values_are_too_large_before_they_are_parsed(body: bytes) -> None:
    """The last one is no JSON: whoever parses says so."""
    with pytest.raises(CommandUnreadable) as caught:
        parsed(body, MOST_BYTES)

    (unmet,) = caught.value.unmet
    assert (unmet.code, unmet.message) == (
        "command_too_large",
        f"it has more than {MAX_PARSED} values",
    )


def test_a_full_batch_of_placements_and_a_text_of_commas_are_not_too_large() -> None:
    line = {"sku": "SHIRT-BLUE-M", "quantity": 1, "unit_price_minor": 1_999}
    lines = [line] * 97  # 1,000 of them are about as many objects as there may be.
    batch = to_json({"commands": [{"command": "order.place", "lines": lines}] * 1_000})
    texts = to_json({"text": ',\\",' * 2_000_000})

    assert MAX_PARSED > batch.count(b",") > 0.95 * MAX_PARSED
    assert len(parsed(batch, MOST_BYTES)["commands"]) == 1_000
    assert parsed(texts, 2 * MOST_BYTES)


@pytest.mark.parametrize(
    "condition",
    ["customer.name == annamueller", "annamueller()", "09annamueller", "order.annamueller > 1"],
)
def test_a_condition_that_is_none_is_told_without_its_words(condition: str) -> None:
    said = from_json(encode(COMMANDS["order.add_note"])) | {"only_if": [condition]}

    with pytest.raises(CommandUnreadable) as caught:
        decode(to_json(said))

    (unmet,) = caught.value.unmet
    assert unmet.field == "only_if.0"
    assert "it is no condition (character" in unmet.message
    assert "annamueller" not in str(caught.value)


def test_texts_of_brackets_are_no_lists_and_objects() -> None:
    assert parsed(to_json({"commands": [{"text": '[{\\"' * 900}] * 200}), MOST_BYTES)


def test_many_conditions_are_too_large_and_not_all_compiled() -> None:
    before = compiled.cache_info().misses
    body = command("path.publish", path(*(f"order.calls > {n}" for n in range(2 * MOST_SHORT))))

    assert fault(body) == ("command_too_large", "definition")
    assert compiled.cache_info().misses - before <= MOST_SHORT


def test_one_condition_counts_once_however_often_it_stands_in_a_path() -> None:
    decode(command("path.publish", path(*["order.calls > 77000"] * 2_000)))


def test_a_condition_that_is_wrong_counts_each_time_because_it_is_compiled_each_time() -> None:
    body = command("path.publish", path(*["order.nothing > 1"] * 2 * MOST_SHORT))

    assert fault(body) == ("command_too_large", "definition")


def test_texts_that_are_too_long_together_are_too_large() -> None:
    texts = ("{{ order.number }}" + "x" * (19_000 + number) for number in range(20))

    assert fault(command("template.publish", template(*texts))) == (
        "command_too_large",
        "definition",
    )


def test_a_definition_for_which_nobody_waits_is_read_no_further() -> None:
    before = compiled.cache_info().misses
    question = QuestionInHand()
    question.call_off()

    with on(question), pytest.raises(InfraError, match="nobody waits"):
        decode(command("path.publish", path("order.calls > 88000")))

    assert compiled.cache_info().misses == before


def test_thousands_of_faults_are_told_as_fast_as_they_are_found() -> None:
    schedules = [{"schedule": {"at": ["x"]}}] * 12_000
    body = command("rule.publish", {"rule": "x", "on": schedules})
    began = process_time()

    with pytest.raises(CommandUnreadable) as caught:
        decode(body)

    assert process_time() - began < MOST_SECONDS
    assert len(caught.value.unmet) == MAX_TOLD


def test_too_few_are_told_only_where_no_fault_of_one_of_them_is_why() -> None:
    empty = {"rule": "x", "on": [{"schedule": {"at": []}}]}
    wrong = {"rule": "x", "on": [{"schedule": {"at": ["x"]}}]}

    for definition, place in ((empty, "schedule.at"), (wrong, "schedule.at.0")):
        with pytest.raises(CommandUnreadable) as caught:
            decode(command("rule.publish", definition))
        fields = [one.field for one in caught.value.unmet if "schedule.at" in (one.field or "")]
        assert [field.endswith(place) for field in fields if field] == [True]
