"""Shapes of what is asked and answered, as JSON Schema. TypedDicts are written here: pydantic reads
those of the standard library from Python 3.12 on only.
"""

import json
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter

from services.api.openapi_parts import JSON, REFS
from services.questions.question import Question


def shape_of(kind: Any, schemas: dict[str, Any], area: str) -> dict[str, Any]:
    """Give the schema of a type; each TypedDict that it names stands among the others, once."""
    if is_typeddict(kind):
        return _named(kind, schemas, area)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return shape_of(parts[0], schemas, area)
    if kind is Any:
        return {}
    if origin in (list, tuple):
        return {"type": "array", "items": shape_of(parts[0], schemas, area)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": shape_of(parts[1], schemas, area)}
    if origin in (Union, UnionType):
        found = [shape_of(one, schemas, area) for one in parts]
        return _or_null(found) if NoneType in parts and len(found) == 2 else {"anyOf": found}
    found_schema: dict[str, Any] = TypeAdapter(kind).json_schema(mode="serialization")
    return {key: value for key, value in found_schema.items() if key != "title"}


def asked_in_body(question: Question, schemas: dict[str, Any]) -> dict[str, Any]:
    """Describe what is asked in a body."""
    schema = question.asked.model_json_schema(mode="validation", ref_template=REFS)
    schema = hoisted(schema, schemas, question.name.partition(".")[0])
    content: dict[str, Any] = {"schema": schema}
    if examples := schema.pop("examples", None):
        content["example"] = examples[0]
    return {"required": True, "content": {JSON: content}}


def hoisted(schema: dict[str, Any], schemas: dict[str, Any], area: str) -> dict[str, Any]:
    """Put the definitions of a schema among all others, each under a name of its area."""
    own = schema.pop("$defs", {})
    renamed = {REFS.format(model=n): REFS.format(model=f"{area}.{n}") for n in own}
    for name, definition in own.items():
        moved = _renamed(definition, renamed)
        before = schemas.setdefault(f"{area}.{name}", moved)
        assert before == moved, f"two things of {area} are called {name}"
    moved_schema: dict[str, Any] = _renamed(schema, renamed)
    return moved_schema


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {
            key: names.get(value, value) if key == "$ref" else _renamed(value, names)
            for key, value in part.items()
            if not (key == "default" and _ISO_DURATION.search(json.dumps(value, default=str)))
        }
    return [_renamed(one, names) for one in part] if isinstance(part, list) else part


def _named(kind: Any, schemas: dict[str, Any], area: str) -> dict[str, Any]:
    name = f"{area}.{kind.__name__}"
    if name not in schemas:
        schemas[name] = {}  # It may hold itself.
        hints = get_type_hints(kind)
        made = {
            "type": "object",
            "description": (kind.__doc__ or "").partition("\n")[0],
            "properties": {key: shape_of(one, schemas, area) for key, one in hints.items()},
            "required": sorted(kind.__required_keys__),
        }
        schemas[name] = made
    return {"$ref": REFS.format(model=name)}


def _or_null(found: list[dict[str, Any]]) -> dict[str, Any]:
    (other,) = (one for one in found if one != _NULL)
    if isinstance(other.get("type"), str):
        return {**other, "type": [other["type"], "null"]}
    return {"anyOf": [other, _NULL]}


_NULL: Final[dict[str, Any]] = {"type": "null"}
# Durations are written as people do, but pydantic writes their defaults so: those are left out.
_ISO_DURATION: Final = re.compile(r'"P(T?\d+[A-Z])+"')
