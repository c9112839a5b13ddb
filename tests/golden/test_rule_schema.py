"""The JSON Schema of the language of rules: what editors know is what the reader accepts."""

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from infra.rule_files import preset_names, shop_names, shop_rules
from infra.yaml_sheet import read_sheet
from tests.golden.rule_schema import RULES, rule_schema

VALIDATOR = Draft202012Validator(json.loads(RULES.schema.read_text()))
PRESETS = files("domain.rules.presets")
FILES = [
    *(f"{name}.yaml" for name in preset_names()),
    *(f"{shop}/{rule.rule}.yaml" for shop in shop_names() for rule in shop_rules(shop)),
]


def as_editors_read(text: str) -> Any:
    """Read YAML as version 1.2 means it: `on` is a text, 10 a number."""

    def meant(value: Any) -> Any:
        match value:
            case dict():
                return {key: meant(inner) for key, inner in value.items()}
            case list():
                return [meant(inner) for inner in value]
            case str() if value.isdigit():
                return int(value)
            case _:
                return value

    return meant(read_sheet(text).data)


def a_rule() -> Any:
    return as_editors_read(PRESETS.joinpath("paid_to_assembly.yaml").read_text(encoding="utf-8"))


def test_the_checked_in_schema_is_that_of_the_models() -> None:
    assert RULES.schema.read_text() == rule_schema(), "run: make schema"


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("name", FILES)
def test_it_accepts_every_ready_made_rule(name: str) -> None:
    text = PRESETS.joinpath(name).read_text(encoding="utf-8")

    assert list(VALIDATOR.iter_errors(as_editors_read(text))) == []


@pytest.mark.parametrize("name", FILES)
def test_every_ready_made_rule_names_the_schema_in_its_first_line(name: str) -> None:
    first = PRESETS.joinpath(name).read_text(encoding="utf-8").splitlines()[0]

    up = "../" * (1 + name.count("/"))
    assert first == f"# yaml-language-server: $schema={up}rule.schema.json"


@pytest.mark.parametrize(("heading", "model"), RULES.tables.items())
def test_the_page_tells_the_meaning_of_every_key(heading: str, model: type[BaseModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]

    assert sorted(key for key, _ in RULES.meanings(model)) == sorted(keys), heading


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("colour",), "red"),
        (("rule",), "Not a code"),
        (("mode",), "on"),
        (("order",), -1),
        (("on",), []),
        (("on", 0, "change"), "stauts"),
        (("on", 0, "too"), "paid"),
        (("on", 0), {"event": "order.plased"}),
        (("on", 0), {"silence": "2 days"}),
        (("on", 0), {"schedule": {"at": ["9:30"]}, "in": "new"}),
        (("then",), []),
        (("then", 0), {"mve": "done"}),
        (("then", 0), {"notify": "fax", "to": "customer", "template": "paid"}),
        (("then", 0), {"notify": "mail", "to": "everybody", "template": "paid"}),
        (("then", 0), {"assign": {"team": "leads"}}),
        (("then", 0), {"assign": {}}),
        (("cancel_on",), "order.plased"),
        (("limits",), {"per_order": 0}),
    ],
)
def test_it_marks_what_the_reader_refuses(place: tuple[str | int, ...], value: object) -> None:
    rule = a_rule()
    part: Any = rule
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value

    assert not VALIDATOR.is_valid(rule)


@pytest.mark.parametrize("key", ["rule", "on", "then"])
def test_it_marks_a_key_that_is_missing(key: str) -> None:
    rule = a_rule()
    del rule[key]

    assert not VALIDATOR.is_valid(rule)
