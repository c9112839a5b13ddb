"""Commands as JSON: each comes back as it was, and whatever else comes is told by a named error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog import COMMANDS as KINDS
from domain.messages import Command
from domain.refusals import CommandUnreadable
from domain.wire import MAX_BYTES, MAX_TOLD, decode, decode_for, encode, encode_without, parsed
from tests.support.examples import COMMANDS
from tests.support.loads import body_hash

PERSON = "Zinaida Prokofyevna"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=20,
)
SENT = {name: json.loads(encode(command)) for name, command in COMMANDS.items()}


def told(value: bytes | None) -> list[tuple[str, str | None]]:
    """Read what is no command and give code and place of every fault."""
    with pytest.raises(CommandUnreadable) as caught:
        decode(value)
    return [(unmet.code, unmet.field) for unmet in caught.value.unmet]


def told_of(sent: Any) -> list[tuple[str, str | None]]:
    return told(json.dumps(sent).encode())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_survives_json_and_back(name: str) -> None:
    command = COMMANDS[name]

    read = decode(encode(command))

    assert type(read) is type(command)
    assert read == command
    assert read.model_dump_json() == command.model_dump_json()


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"order.record_facts"}))
def test_a_command_that_came_as_json_repeats_the_one_that_did_not(name: str) -> None:
    assert body_hash(decode(encode(COMMANDS[name]))) == body_hash(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_the_same_by_http_and_by_kafka(name: str) -> None:
    sent = encode_without(COMMANDS[name], *COMMANDS[name].OF_PROGRAMS)
    by_kafka = decode(sent)
    by_http = decode_for(parsed(sent), {})

    assert type(by_http) is type(by_kafka)
    assert by_http == by_kafka
    assert by_http.model_fields_set == by_kafka.model_fields_set
    assert body_hash(by_http) == body_hash(by_kafka)


def test_every_command_has_an_example() -> None:
    assert set(COMMANDS) == set(KINDS)


@given(st.binary(max_size=200))
def test_bytes_are_a_command_or_a_named_error(value: bytes) -> None:
    assert told(value)


@given(JSON)
def test_json_is_a_command_or_a_named_error(value: Any) -> None:
    assert told_of(value)


@given(st.sampled_from(sorted(SENT)), st.data())
def test_a_command_with_one_other_value_is_read_or_a_named_error(
    name: str, data: st.DataObject
) -> None:
    changed = _with_another_value(SENT[name], data)
    try:
        read: Command | CommandUnreadable = decode(json.dumps(changed).encode())
    except CommandUnreadable as error:
        read = error

    assert isinstance(read, Command) or 1 <= len(read.unmet) <= MAX_TOLD


@given(st.sampled_from(sorted(set(SENT) - {"path.publish", "calendar.publish"})), st.data())
def test_no_error_repeats_what_was_sent(name: str, data: st.DataObject) -> None:
    secret = st.just(PERSON) | st.just([PERSON]) | st.just({PERSON: PERSON})
    changed = _with_another_value(SENT[name], data, secret) | {PERSON: 1}

    with pytest.raises(CommandUnreadable) as caught:
        decode(json.dumps(changed).encode())

    assert PERSON not in f"{caught.value} {caught.value.unmet}"


def _with_another_value(
    sent: dict[str, Any], data: st.DataObject, values: st.SearchStrategy[Any] = JSON
) -> dict[str, Any]:
    """Put something else in one place, however deep."""
    changed = json.loads(json.dumps(sent))
    part: Any = changed
    while True:
        keys = sorted(part) if isinstance(part, dict) else range(len(part))
        key = data.draw(st.sampled_from(keys))
        inner = part[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            part[key] = data.draw(values)
            return dict(changed)
        part = inner


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"command": "order.plase"}, "command_unknown", "command"),
        ({"command": None}, "command_unknown", "command"),
        ({"colour": "red"}, "field_unknown", "colour"),
        ({"Anna Ivanova": 1}, "field_unknown", "?"),
        ({"currency": None}, "field_invalid", "currency"),
        ({"discount_minor": "50"}, "field_invalid", "discount_minor"),
        ({"discount_minor": True}, "field_invalid", "discount_minor"),
        ({"occurred_at": 1_700_000_000}, "field_invalid", "occurred_at"),
        ({"lines": []}, "field_invalid", "lines"),
    ],
)
def test_a_fault_is_told_with_its_place(changes: Any, code: str, field: str) -> None:
    assert told_of(SENT["order.place"] | changes) == [(code, field)]


@pytest.mark.parametrize("spoiled", [{"quantity": "2"}, {"quantity": None}, {"nothing": 1}])
def test_a_fault_of_an_only_item_is_told_and_not_that_there_is_no_item(spoiled: Any) -> None:
    (line, *_) = SENT["order.place"]["lines"]

    (fault,) = told_of(SENT["order.place"] | {"lines": [line | spoiled]})

    assert fault[1] == f"lines.0.{next(iter(spoiled))}"


@pytest.mark.parametrize("sign", ["`", "'", "z", "\n"])
def test_an_error_repeats_no_sign_of_what_was_sent(sign: str) -> None:
    with pytest.raises(CommandUnreadable) as caught:
        decode(json.dumps(SENT["order.place"] | {"command_id": sign * 36}).encode())

    (fault,) = caught.value.unmet
    assert fault.message == "Input should be a valid UUID, invalid character: found this at 0"


@pytest.mark.parametrize("name", ["order_id", "currency", "lines", "occurred_at"])
@pytest.mark.parametrize(
    "attack",
    [
        b'"\\ud800"',
        b'"\\u0000"',
        b"9" * 5_000,
        b"1e999999",
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=["surrogate", "nul", "digits", "exponent", "nan", "lists", "objects"],
)
def test_an_attack_in_a_field_is_a_named_error(name: str, attack: bytes) -> None:
    sent = json.dumps(SENT["order.place"] | {name: "HERE"}).encode()

    assert told(sent.replace(b'"HERE"', attack))


def test_what_is_missing_is_told() -> None:
    sent = {key: value for key, value in SENT["order.place"].items() if key != "order_id"}

    assert told_of(sent) == [("field_missing", "order_id")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "command_not_json"),
        (b"", "command_not_json"),
        (b"{", "command_not_json"),
        (b"\xff", "command_not_json"),
        (b"[]", "command_not_json"),
        (b"[" * 500, "command_too_deep"),
        (b" " * (MAX_BYTES + 1), "command_too_large"),
    ],
)
def test_what_is_no_object_is_told(value: bytes | None, code: str) -> None:
    assert told(value) == [(code, None)]


def test_the_id_of_an_unreadable_command_is_kept_for_its_sender() -> None:
    with pytest.raises(CommandUnreadable) as caught:
        decode(json.dumps(SENT["order.place"] | {"currency": 5}).encode())

    assert caught.value.command_id == COMMANDS["order.place"].command_id
