"""What may follow a released schema: new fields that may be missing, new words; nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support.compatibility import incompatibilities, structure

RELEASED: dict[str, Any] = {
    "title": "order.paid.v1",
    "type": "object",
    "definitions": {
        "Line": {
            "type": "object",
            "properties": {"sku": {"type": "string"}, "title": {"type": "string"}},
            "required": ["sku"],
        }
    },
    "properties": {
        "amount_minor": {"type": "integer", "minimum": 0, "maximum": 100},
        "method": {"type": "string", "enum": ["card", "cash"]},
        "title": {"type": "string", "maxLength": 200},
        "paid_at": {"type": "string", "format": "date-time"},
        "lines": {"type": "array", "items": {"$ref": "#/definitions/Line"}},
        "pieces": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["amount_minor", "method"],
}


def changed(*place: str, to: Any = None, **more: Any) -> dict[str, Any]:
    """Give the schema with a part replaced; None takes it out, words change keys of it."""
    schema = deepcopy(RELEASED)
    part = schema
    for key in place[:-1]:
        part = part[key]
    if more:
        part[place[-1]] |= more
    elif to is None:
        del part[place[-1]]
    else:
        part[place[-1]] = to
    return schema


def compared(now: dict[str, Any]) -> list[str]:
    return incompatibilities(structure(RELEASED), structure(now))


LINE = ("definitions", "Line", "properties")
METHOD = ("properties", "method")
COMPATIBLE = {
    "the same": RELEASED,
    "new optional field": changed("properties", card={"type": "string"}),
    "new optional field inside": changed(*LINE, colour={"type": "string"}),
    "new word of a list": changed(*METHOD, enum=["card", "cash", "gift"]),
    "any word instead of a list": changed(*METHOD, "enum"),
    "wider bound": changed("properties", "amount_minor", maximum=1_000, minimum=-5),
    "no bound": changed("properties", "title", "maxLength"),
    "other words for people": changed("title", to="Paid") | {"description": "Paid at last."},
    "written out instead of referred to": changed(
        "properties", "lines", "items", to=RELEASED["definitions"]["Line"]
    ),
}
REQUIRED = ["amount_minor", "method", "paid_at"]
INCOMPATIBLE = {
    "removed": (changed("properties", "paid_at"), "paid_at is gone"),
    "removed inside": (changed(*LINE, "title"), "lines[].title is gone"),
    "retyped": (
        changed("properties", "amount_minor", type="string"),
        "amount_minor: type was 'integer' and is 'string'",
    ),
    "retyped inside": (
        changed(*LINE, "sku", type="integer"),
        "lines[].sku: type was 'string' and is 'integer'",
    ),
    "retyped in a map": (
        changed("properties", "pieces", additionalProperties={"type": "number"}),
        "pieces[]: type was 'integer' and is 'number'",
    ),
    "closed map": (
        changed("properties", "pieces", additionalProperties=False),
        "pieces: additionalProperties was {'type': 'integer'} and is False",
    ),
    "other format": (
        changed("properties", "paid_at", format="date"),
        "paid_at: format was 'date-time' and is 'date'",
    ),
    "newly required": (
        changed("required", to=REQUIRED),
        "paid_at is required now: records of before may not have it",
    ),
    "no longer required": (
        changed("required", to=["amount_minor"]),
        "method may be missing now: readers rely on it",
    ),
    "word gone": (changed(*METHOD, enum=["card"]), "method: ['cash'] cannot be said any more"),
    "list of words instead of any": (
        changed("properties", "title", enum=["Ms"]),
        "title: ['any'] cannot be said any more",
    ),
    "narrower bound": (
        changed("properties", "amount_minor", maximum=50),
        "amount_minor: maximum is narrower, 100 before and now 50",
    ),
    "higher bound": (
        changed("properties", "amount_minor", minimum=1),
        "amount_minor: minimum is narrower, 0 before and now 1",
    ),
    "new bound": (
        changed("properties", "paid_at", minLength=3),
        "paid_at: minLength is narrower, None before and now 3",
    ),
    "new pattern": (
        changed("properties", "title", pattern="^a"),
        "title: pattern was None and is '^a'",
    ),
    "closed": (
        RELEASED | {"additionalProperties": False},
        "the whole: additionalProperties was True and is False",
    ),
}


@pytest.mark.parametrize("now", COMPATIBLE.values(), ids=COMPATIBLE)
def test_what_older_readers_can_take_passes(now: dict[str, Any]) -> None:
    assert compared(now) == []


@pytest.mark.parametrize(("now", "said"), INCOMPATIBLE.values(), ids=INCOMPATIBLE)
def test_what_breaks_a_reader_is_named_with_its_place(now: dict[str, Any], said: str) -> None:
    assert compared(now) == [said]


def test_a_renamed_field_is_one_that_is_gone() -> None:
    now = changed("properties", "paid_at")
    now["properties"]["paid_when"] = {"type": "string", "format": "date-time"}

    assert compared(now) == ["paid_at is gone"]


def test_a_field_that_bears_a_word_of_json_schema_is_compared_as_a_field() -> None:
    assert compared(changed("properties", "title")) == ["title is gone"]
    assert compared(changed("properties", "title", type="integer")) == [
        "title: type was 'string' and is 'integer'"
    ]
