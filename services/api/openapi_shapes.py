"""Shapes of answers as JSON Schema. TypedDicts are written here: pydantic reads those of the
standard library from Python 3.12 on only.
"""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter

from services.api.openapi_parts import REFS


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
