"""Whether a JSON Schema may follow a released one, for whoever reads records of both.

Records of before stay in the topics for ever and readers are older than what they read, so a field
may be added that may be missing, and a word to a list of words. Everything else breaks somebody.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

WORDS: Final = frozenset({"$id", "$schema", "title", "description", "default", "examples"})
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOOKED_INTO: Final = frozenset(
    {"properties", "required", "items", "additionalProperties", "enum", *_LOWER, *_UPPER}
)


def structure(schema: Schema) -> dict[str, Any]:
    """Give a schema without words for people, with everything in its place: no references."""
    found: dict[str, Any] = _resolved(schema, schema.get("definitions", {}))
    return found


def incompatibilities(released: Schema, now: Schema, place: str = "") -> list[str]:
    """List what breaks readers, each with its place. Both as `structure` gives them."""
    return [
        *_changed(released, now, place or "the whole"),
        *_narrowed(released, now, place or "the whole"),
        *_fields(released, now, place),
        *_inside(released, now, place),
    ]


def _resolved(part: Any, definitions: Mapping[str, Any], *, names: bool = False) -> Any:
    """names: the keys are names of fields, and none of them is a word of JSON Schema."""
    if isinstance(part, list):
        return [_resolved(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part and not names:
        return _resolved(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {
        key: _resolved(value, definitions, names=key == "properties" and not names)
        for key, value in part.items()
        if names or key not in WORDS | {"definitions"}
    }


def _changed(released: Schema, now: Schema, place: str) -> Iterator[str]:
    for key in sorted(released.keys() | now.keys()):
        if key not in _LOOKED_INTO and released.get(key) != now.get(key):
            yield f"{place}: {key} was {released.get(key)!r} and is {now.get(key)!r}"


def _narrowed(released: Schema, now: Schema, place: str) -> Iterator[str]:
    if "enum" in now:
        gone = [one for one in released.get("enum", ["any"]) if one not in now["enum"]]
        if gone:
            yield f"{place}: {gone} cannot be said any more"
    for keys, tighter in ((_LOWER, _higher), (_UPPER, _lower)):
        for key in keys:
            before = released.get(key)
            if key in now and tighter(now[key], before):
                yield f"{place}: {key} is narrower, {before!r} before and now {now[key]!r}"


def _higher(now: float, before: float | None) -> bool:
    return before is None or now > before


def _lower(now: float, before: float | None) -> bool:
    return before is None or now < before


def _fields(released: Schema, now: Schema, place: str) -> Iterator[str]:
    before, after = released.get("properties", {}), now.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{_under(place, name)} is gone"
    for name in before.keys() & after.keys():
        yield from incompatibilities(before[name], after[name], _under(place, name))
    always, must = set(released.get("required", ())), set(now.get("required", ()))
    for name in sorted(must - always):
        yield f"{_under(place, name)} is required now: records of before may not have it"
    for name in sorted(always & after.keys() - must):
        yield f"{_under(place, name)} may be missing now: readers rely on it"


def _inside(released: Schema, now: Schema, place: str) -> Iterator[str]:
    """Compare what lists and open objects hold; saying nothing of it allows anything."""
    for key in ("items", "additionalProperties"):
        before, after = released.get(key, True), now.get(key, True)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from incompatibilities(before, after, f"{place or 'the whole'}[]")
        elif before != after:
            yield f"{place or 'the whole'}: {key} was {before!r} and is {after!r}"


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
