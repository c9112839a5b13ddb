"""Parts of the description of the API that are the same in many places: headers, shapes, words."""

from typing import Any, Final

from services.api.problems import TITLES

JSON: Final = "application/json"
REFS: Final = "#/components/schemas/{model}"
WORDS: Final = (
    "Orders from new to done. Every answer tells in X-Position how far it knows the log; a read "
    "with min_position of an earlier answer sees what that answer did. Problems follow RFC 9457. "
    "HEAD is answered as GET at the same place, without the body."
)
KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "makes the command one: the same key gets the same answer for ever. Either this "
    "or command_id has to be there",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "order-4711-move-1",
}
IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "only if the order is still at this version, by its ETag",
    "schema": {"type": "string"},
    "example": '"17"',
}
MIN_POSITION: Final[dict[str, Any]] = {
    "name": "min_position",
    "in": "query",
    "required": False,
    "description": "what the answer has to know of: a position, or head for all that there is; it "
    "waits for the tables for some seconds, then 503; so is at once what the log has not reached",
    "schema": {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "head"}]},
    "example": 4711,
}
COMMAND_ID: Final[dict[str, Any]] = {
    "type": "string",
    "format": "uuid",
    "description": "instead of an Idempotency-Key",
}
HEADERS: Final[dict[str, Any]] = {
    "X-Position": {
        "description": "the answer knows of all that the log holds up to here",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-Id": {
        "description": "the id that was sent, or a new one; it stands in the log",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "the order's version, as `17`; where an order is told, with a digest of what"
        " is told behind it, as `17-9f86d081884c7d65`",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 1}},
}
UNMET: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "stable"},
        "field": {"type": ["string", "null"]},
        "message": {"type": "string"},
        "needed": {"type": ["string", "null"], "description": "what would open the way"},
    },
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457, with every condition that was not met",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": list(TITLES)},
        "unmet": {"type": "array", "items": {"$ref": REFS.format(model="Unmet")}},
    },
}
OUTCOME: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["outcome", "command_id", "versions", "event_ids", "unmet", "repeated"],
    "properties": {
        "outcome": {"enum": ["accepted", "refused", "nothing"]},
        "command_id": {"type": "string", "format": "uuid"},
        "first_position": {"type": ["integer", "null"]},
        "last_position": {"type": ["integer", "null"]},
        "versions": {"type": "object", "additionalProperties": {"type": "integer"}},
        "event_ids": {"type": "array", "items": {"type": "string"}},
        "unmet": {"type": "array", "items": {"$ref": REFS.format(model="Unmet")}},
        "repeated": {"type": "boolean", "description": "it was answered before"},
    },
}
