"""Requests that a description of an API allows or nearly allows, and what it says of their answers.

Used by the tests that ask a real server everything that its OpenAPI document describes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
import jsonschema
from hypothesis import strategies as st

NEVER_TOLD: Final = frozenset({500, 501, 502, 504})
# Texts that went wrong somewhere once: in SQL, in paths, in encodings, in numbers.
TRICKS: Final = (
    "", " ", "\x00", "a\x00b", "\udcff", "\ud800", "\ufeff", "\u202e", "🫖", "é" * 300, "x" * 5_000,
    "'", "' OR '1'='1", "'; DROP TABLE orders; --", "%' --", "\\", "$1", "%s", "%(x)s", "{}", "{0}",
    "../../etc/passwd", "/etc/passwd", "..%2f..", ".", "..", "a/b", "%", "%00", "%zz",
    "-1", "0", "1e999", "NaN", "Infinity", "9" * 30, "9" * 5_000, "٣", "1_000", "+1", "0x10", "1.5",
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30", "1969-12-31T23:59:59Z",
    "999999w", "999999w999999w999999w999999w999999w", "0s", "Europe/Berlin", "Nowhere/Land", "null",
    "true", "[]", "head", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
NUMBERS: Final = (-(2**63) - 1, -(2**63), -1, 0, 1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63)
# What no JSON can hold at all stands in tests of its own.
_TRICKS: Final = st.sampled_from([one for one in TRICKS if one.isascii() or one.isprintable()])
_FLOATS: Final = st.floats(allow_nan=False, allow_infinity=False)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | _FLOATS | _TRICKS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TRICKS, inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one place, as the document describes it."""

    document: dict[str, Any] = field(hash=False, repr=False)
    place: str
    method: str

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["paths"][self.place][self.method]
        return found

    @property
    def body(self) -> Any:
        """An example of its body, None if it has none."""
        content = self.said.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    def fault_of(self, answer: httpx.Response) -> str | None:
        """Say what of an answer is not as it is described."""
        told = f"{answer.request.method} {answer.request.url}: {answer.status_code}"
        responses = self.said["responses"]
        if answer.status_code in NEVER_TOLD or str(answer.status_code) not in responses:
            return f"{told} is not described: {answer.text[:300]}"
        described = responses[str(answer.status_code)]
        missing = [n for n in ("X-Position", "X-Request-Id") if n not in answer.headers]
        content = described.get("content", {})
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if missing or (content and media_type not in content):
            return f"{told}: {media_type}, without {missing}"
        if "json" not in media_type:
            return None
        checker = _checker(self, answer.status_code, media_type)
        faults = [f"{one.json_path}: {one.message}"[:300] for one in
                  checker.iter_errors(answer.json())]  # fmt: skip
        return f"{told}: {faults[0]}" if faults else None


@cache
def _checker(operation: Operation, status: int, media_type: str) -> Any:
    schema = operation.said["responses"][str(status)]["content"][media_type]["schema"]
    whole = {**schema, "components": operation.document["components"]}
    return jsonschema.Draft202012Validator(whole)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Give all that is described."""
    for place, verbs in document["paths"].items():
        for method in verbs:
            yield Operation(document, place, method)


Known = Mapping[str, Sequence[str]]  # parameter -> what there is of it


@st.composite
def targets(draw: st.DrawFn, operation: Operation, known: Known) -> str:
    """Draw path and query of a request: as described, or all but one part of it."""
    place, query = operation.place, []
    said = [one for one in operation.said.get("parameters", ()) if one["in"] != "header"]
    wrong = draw(st.sampled_from([None, *(one["name"] for one in said)]))
    for one in said:
        name = one["name"]
        if not (one["required"] or name == wrong or draw(st.integers(0, 2)) == 0):
            continue
        fitting = st.sampled_from(known[name]) if name in known else _fitting(one["schema"])
        value = draw(st.sampled_from((*TRICKS, *NUMBERS)) if name == wrong else fitting)
        if one["in"] == "path":
            place = place.replace(f"{{{name}}}", _quoted(value))
        else:
            values = value if isinstance(value, list) else [value]
            query += [(name, _spelt(each).encode("utf-8", "surrogatepass")) for each in values]
    if draw(st.integers(0, 19)) == 0:
        query.append((draw(st.sampled_from(["min_position", "nothing", "limit"])), b"'"))
    return f"{place}?{urlencode(query)}" if query else place


def _quoted(value: Any) -> str:
    """Write a value as one step of a path; what sends it would take dots for steps of its own."""
    quoted = quote(_spelt(value).encode("utf-8", "surrogatepass"), safe="")
    return quoted.replace(".", "%2E") or "%20"


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return st.one_of([_fitting(one) for one in kinds])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema.get("type"), schema.get("format"):
        case "integer", _:
            least, most = schema.get("minimum", -(10**30)), schema.get("maximum", 10**30)
            return st.integers(least, most) | st.sampled_from([least, most, max(least, 1)])
        case "number", _:
            return st.floats(schema.get("minimum", 0), 0.01)
        case "boolean", _:
            return st.booleans()
        case "array", _:
            return st.lists(_fitting(schema["items"]), max_size=3)
        case "string", "date-time":
            return st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
        case "string", "date":
            return st.dates().map(str)
        case "string", "uuid":
            return st.uuids()
        case _:
            return st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def with_another_value(draw: st.DrawFn, sent: Any) -> Any:
    """Put something else in one place of a body, however deep."""
    if not isinstance(sent, dict | list) or not sent or draw(st.integers(0, 5)) == 0:
        return draw(JSON)
    if isinstance(sent, list):
        at = draw(st.integers(0, len(sent) - 1))
        return [*sent[:at], with_another_value(draw, sent[at]), *sent[at + 1 :]]
    key = draw(st.sampled_from(sorted(sent)))
    return {**sent, key: with_another_value(draw, sent[key])}
