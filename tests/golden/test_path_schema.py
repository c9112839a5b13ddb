"""The JSON Schema of the path language: what editors know is what the reader accepts."""

import json
from importlib.resources import files
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from infra.path_files import preset_names
from tests.golden.path_schema import PATHS, path_schema
from tests.support.paths import clean_path

VALIDATOR = Draft202012Validator(json.loads(PATHS.schema.read_text()))


def test_the_checked_in_schema_is_that_of_the_models() -> None:
    assert PATHS.schema.read_text() == path_schema(), "run: make schema"


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("name", preset_names())
def test_it_accepts_every_ready_made_path(name: str) -> None:
    text = files("domain.paths.presets").joinpath(f"{name}.yaml").read_text(encoding="utf-8")

    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(("heading", "model"), PATHS.tables.items())
def test_the_page_tells_the_meaning_of_every_key(heading: str, model: type[BaseModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]

    assert sorted(key for key, _ in PATHS.meanings(model)) == sorted(keys), heading


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("colour",), "red"),
        (("path",), "Not a code"),
        (("statuses", "Not a code"), {"stage": "open"}),
        (("statuses", "new", "colour"), "#4c9be8"),
        (("statuses", "new", "color"), "red"),
        (("statuses", "new", "final"), "maybe"),
        (("statuses", "new", "owner"), {"team": "leads"}),
        (("statuses", "new", "owner"), None),
        (("statuses", "new", "limit", "wall"), "10 minutes"),
        (("statuses", "new", "limit", "warn"), "half"),
        (("statuses",), {}),
        (("transitions", 0, "from"), []),
        (("transitions", 0, "require"), ["money"]),
        (("applies_to",), [{"town": "Riga"}]),
    ],
)
def test_it_marks_what_the_reader_refuses(place: tuple[str | int, ...], value: object) -> None:
    path = clean_path()
    part: Any = path
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value

    assert not VALIDATOR.is_valid(path)


@pytest.mark.parametrize("key", ["path", "stages", "statuses", "initial"])
def test_it_marks_a_key_that_is_missing(key: str) -> None:
    path = clean_path()
    del path[key]

    assert not VALIDATOR.is_valid(path)


def test_it_accepts_one_status_without_brackets_and_several_with() -> None:
    path = clean_path()
    path["transitions"] = [{"from": "*", "to": ["done", "gone"]}]

    assert VALIDATOR.is_valid(path)
