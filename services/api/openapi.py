"""The document that describes the API, OpenAPI 3.1: from the registry of questions, the models of
commands, and the table of problems.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from domain import wire
from domain.public.envelope import CloudEvent
from domain.vocabulary import COMMANDS
from services.api.examples import ANSWERS, COMMAND, DONE
from services.api.feed import FeedAsked
from services.api.openapi_imports import imports_described
from services.api.openapi_links import links_of
from services.api.openapi_parts import (
    COMMAND_ID,
    HEADERS,
    IF_MATCH,
    JSON,
    KEY,
    MIN_POSITION,
    OUTCOME,
    PROBLEM,
    REFS,
    UNMET,
    WORDS,
)
from services.api.openapi_shapes import asked_in_body, hoisted, shape_of
from services.api.problems import MEDIA_TYPE, TITLES, TYPES
from services.questions.catalog import BY_NAME
from services.questions.question import PUBLIC, Question

_EVER: Final = ("not_readable", "encoded", "head_too_large", "busy")  # codes that every place has
_ANY: Final = (*_EVER, "unknown_caller", "denied", "too_many", "unavailable")
_READ: Final = ("absent", "refused", "unusable", "not_readable", "behind", "too_slow")
_ANYBODY: Final = (*_EVER, "too_many", "unavailable")  # of those that need no key
# Statuses of a code beside its own: what is no JSON, and what is too large for one command.
_ALSO: Final[Mapping[str, tuple[int, ...]]] = {"command_unreadable": (400, 413)}
_SENT: Final = ("key_missing", "command_unreadable", "body_late", "too_large", "too_slow")
# What a command may meet: others that were faster, others under the same id.
_MET: Final = ("conflict", "version_differs", "command_id_reused", "fact_id_reused")


@cache
def described() -> dict[str, Any]:
    """Give the whole document. It is made once."""
    schemas: dict[str, Any] = {"Problem": PROBLEM, "Unmet": UNMET, "Outcome": OUTCOME}
    paths = {
        f"/v1{one.at}": {one.method.lower(): _question(one, schemas)} for one in BY_NAME.values()
    }
    paths |= {
        "/v1/commands": {"post": _send(schemas)},
        "/v1/commands/batch": {"post": _send_batch()},
        "/v1/events": {"get": _events(schemas)},
        "/health/live": {"get": _plain("health.live", "Whether the process answers.", "live")},
        "/health/ready": {"get": _plain("health.ready", "Whether it takes commands.", "ready")},
        "/health/lag": {"get": _lag()},
        "/metrics": {"get": _metrics()},
    }
    for place, verbs in imports_described(schemas, _problems, _ANY).items():
        paths[place] = paths.get(place, {}) | verbs
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orderpath",
            "version": _version(),
            "description": WORDS,
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "headers": HEADERS,
        },
    }


def _version() -> str:
    try:
        return version("orderpath")
    except PackageNotFoundError:
        return "unknown"


def _question(question: Question, schemas: dict[str, Any]) -> dict[str, Any]:
    area = question.name.partition(".")[0]
    schema = shape_of(question.answer, schemas, area)
    example = ANSWERS.get(question.name)
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    headers = ["X-Position", "X-Request-Id"] + ["ETag"] * question.versioned
    answers: dict[str, Any] = {
        "200": {
            "description": question.said,
            "headers": _headers(*headers),
            "content": {JSON: content},
            **links_of(question.name),
        }
    }
    if question.versioned:
        answers["304"] = {"description": "It is still what If-None-Match names."}
    is_public = question.right == PUBLIC
    sent = ("body_late", "too_large") if question.method == "POST" else ()
    answers |= _problems(*(_ANYBODY if is_public else _ANY), *_READ, *sent)
    operation: dict[str, Any] = {
        "operationId": question.name,
        "tags": [area],
        "summary": question.said,
        "description": f"Needs the right `{question.right}`."
        if not is_public
        else "Needs no key: the path holds a secret.",
        "parameters": list(_parameters(question)),
        "responses": answers,
    }
    if question.method == "POST":
        operation["requestBody"] = asked_in_body(question, schemas)
    return operation | ({"security": []} if is_public else {})


def _parameters(question: Question) -> Iterator[dict[str, Any]]:
    if question.method == "GET":
        schema = question.asked.model_json_schema(mode="validation")
        assert "$defs" not in schema, f"{question.name} asks for what no parameter can say"
        yield from _fields(schema, question.at)
    yield MIN_POSITION
    if question.versioned:
        yield {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}


def _fields(schema: Mapping[str, Any], at: str = "") -> Iterator[dict[str, Any]]:
    for name, field in schema.get("properties", {}).items():
        said = {k: v for k, v in field.items() if k not in ("title", "description", "examples")}
        in_path = f"{{{name}}}" in at
        parameter = {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or name in schema.get("required", ()),
            "schema": said,
        }
        if "description" in field:
            parameter["description"] = field["description"]
        if "examples" in field:
            parameter["example"] = field["examples"][0]
        yield parameter


def _send(schemas: dict[str, Any]) -> dict[str, Any]:
    names = []
    for kind in COMMANDS.values():
        schema = wire.wire_model(kind).model_json_schema(mode="validation", ref_template=REFS)
        for known in ("actor", "command_id"):  # The key says who acts, a header the id.
            schema["properties"].pop(known)
            schema["required"].remove(known)
        for name in kind.OF_PROGRAMS:
            schema["properties"].pop(name)
        schema["properties"]["command_id"] = COMMAND_ID
        schemas[kind.__name__] = hoisted(schema, schemas, kind.NAME.partition(".")[0])
        names.append(kind)
    body = {
        "oneOf": [{"$ref": REFS.format(model=kind.__name__)} for kind in names],
        "discriminator": {
            "propertyName": wire.NAMED_UNDER,
            "mapping": {kind.NAME: REFS.format(model=kind.__name__) for kind in names},
        },
    }
    schemas["Command"] = body
    content = {"schema": {"$ref": REFS.format(model="Command")}, "example": COMMAND}
    answer = {"schema": {"$ref": REFS.format(model="Outcome")}, "example": DONE}
    return {
        "operationId": "commands.send",
        "tags": ["commands"],
        "summary": "Hand a command in. The answer is final.",
        "description": "Needs the command's own name as a right.",
        "parameters": [KEY, IF_MATCH],
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {
            "200": {
                "description": "It is done, or was so already.",
                "headers": _headers("X-Position", "X-Request-Id", "ETag"),
                "content": {JSON: answer},
                **links_of("commands.send"),
            },
            **_problems(*_ANY, *_SENT, "refused", *_MET),
        },
    }


def _send_batch() -> dict[str, Any]:
    item = {
        "type": "object",
        "required": ["status", "answer"],
        "properties": {
            "status": {"type": "integer"},
            "answer": {
                "anyOf": [{"$ref": REFS.format(model=m)} for m in ("Outcome", "Problem")],
            },
        },
    }
    commands = {
        "type": "array",
        "minItems": 1,
        "maxItems": 500,
        "items": {"$ref": REFS.format(model="Command")},
    }
    own = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    return {
        "operationId": "commands.send_batch",
        "tags": ["commands"],
        "summary": "Hand many commands in, each by itself.",
        "description": "One that is refused stands in no other's way. Each has its own command_id, "
        "or the batch a key.",
        "parameters": [{**KEY, "required": False}],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "required": ["commands"],
                        "properties": {"commands": commands},
                        "additionalProperties": False,
                    },
                    "example": {"commands": [{**COMMAND, "command_id": own}]},
                }
            },
        },
        "responses": {
            "200": {
                "description": "What each came to, in the order in which they were handed in.",
                "headers": _headers("X-Position", "X-Request-Id"),
                "content": {
                    JSON: {
                        "schema": {
                            "type": "object",
                            "required": ["items"],
                            "properties": {"items": {"type": "array", "items": item}},
                        },
                        "example": {"items": [{"status": 200, "answer": DONE}]},
                    }
                },
            },
            **_problems(*_ANY, *_SENT),
        },
    }


def _events(schemas: dict[str, Any]) -> dict[str, Any]:
    event = CloudEvent.model_json_schema(mode="serialization", ref_template=REFS)
    schemas["Event"] = hoisted(event, schemas, "event")
    schema = FeedAsked.model_json_schema(mode="validation")
    last = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer", "minimum": 0}}
    page = {
        "type": "object",
        "required": ["events", "next", "more"],
        "properties": {
            "events": {"type": "array", "items": {"$ref": REFS.format(model="Event")}},
            "next": {"type": "integer", "description": "`after` of the next page"},
            "more": {"type": "boolean", "description": "there is more right now"},
        },
    }
    example = {"events": [], "next": 4711, "more": False}
    return {
        "operationId": "events.read",
        "tags": ["events"],
        "summary": "Events of orders behind a position, in the order of the log.",
        "description": "Needs the right `events.read`. With `Accept: text/event-stream` it goes on "
        "as server-sent events, whose ids are positions.",
        "parameters": [*_fields(schema), last],
        "responses": {
            "200": {
                "description": "A page, or a stream.",
                "headers": _headers("X-Position", "X-Request-Id"),
                "content": {
                    JSON: {"schema": page, "example": example},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            },
            **_problems(*_ANY, "unusable", "too_slow"),
        },
    }


def _plain(name: str, summary: str, key: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {key: {"const": True}}}
    return {
        "operationId": name,
        "tags": ["health"],
        "summary": summary,
        "security": [],
        "responses": {
            "200": {
                "description": "Yes.",
                "headers": _headers("X-Position", "X-Request-Id"),
                "content": {JSON: {"schema": schema, "example": {key: True}}},
            },
            **_problems(*_EVER, "unavailable"),
        },
    }


def _lag() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "position": {"type": "integer"},
            "tables": {"type": "integer"},
            "projections": {"type": "array", "items": {"type": "object"}},
        },
    }
    content = {JSON: {"schema": schema}}
    return _operations(
        "health.lag", "How far each read model is behind the log.", content, "too_slow"
    )


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    return _operations("health.metrics", "Numbers of this process, for Prometheus.", content)


def _operations(name: str, summary: str, content: Mapping[str, Any], *more: str) -> dict[str, Any]:
    answer = {
        "description": summary,
        "headers": _headers("X-Position", "X-Request-Id"),
        "content": content,
    }
    return {
        "operationId": name,
        "tags": ["health"],
        "summary": summary,
        "description": "Needs the right `operations.read`.",
        "responses": {"200": answer, **_problems(*_ANY, *more)},
    }


def _problems(*codes: str) -> dict[str, Any]:
    """Describe the problems of a place, those of one status together."""
    statuses: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        for status in (TITLES[code][0], *_ALSO.get(code, ())):
            statuses.setdefault(status, []).append(code)
    return {str(status): _problem(status, found) for status, found in sorted(statuses.items())}


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {
            "value": {
                "type": TYPES + code,
                "title": TITLES[code][1],
                "status": status,
                "detail": "in words, for people",
                "code": code,
            }
        }
        for code in codes
    }
    content = {"schema": {"$ref": REFS.format(model="Problem")}, "examples": examples}
    headers = ["X-Position", "X-Request-Id"] + ["Retry-After"] * (status in (429, 503))
    return {
        "description": "; ".join(TITLES[code][1] for code in codes),
        "headers": _headers(*headers),
        "content": {MEDIA_TYPE: content},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
