"""Imports in the description of the API: the two places that take something in."""

from collections.abc import Callable
from typing import Any, Final

from services.api.openapi_parts import JSON, KEY, REFS
from services.api.openapi_shapes import hoisted, shape_of
from services.imports.handed_in import ImportWanted
from services.questions.imports import ImportState

IMPORT: Final = "3f1a2b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"
MAPPING: Final = "source: depot\npath: parcels\norder_id: case\ntime: {column: at}\n…"
WANTED: Final = {"log": {"file": "log.csv.gz", "mapping": MAPPING}, "dry_run": True}
STATE: Final = {
    "import_id": IMPORT,
    "kind": "log",
    "dry_run": True,
    "by": "api_key:erp",
    "state": "running",
    "handed_in_at": "2026-01-31T12:00:00Z",
    "ended_at": None,
    "done": 12_000,
    "total": 80_000,
    "report": None,
    "problem": None,
}
_HEADERS: Final = {
    name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Position", "X-Request-Id")
}


def imports_described(
    schemas: dict[str, Any], problems: Callable[..., dict[str, Any]], common: tuple[str, ...]
) -> dict[str, Any]:
    """Describe both places. problems: describes those of codes; common: codes of every place"""
    wanted = ImportWanted.model_json_schema(mode="validation", ref_template=REFS)
    schemas["ImportWanted"] = hoisted(wanted, schemas, "import")
    sent = ("body_late", "too_large", "unusable", "too_slow", "refused")
    started = ("absent", "key_missing", "command_id_reused")
    return {
        "/v1/imports/files/{name}": {"put": _put(problems(*common, *sent))},
        "/v1/imports": {"post": _start(schemas, problems(*common, *sent, *started))},
    }


def _put(problems: dict[str, Any]) -> dict[str, Any]:
    put = {
        "type": "object",
        "required": ["file", "bytes"],
        "properties": {
            "file": {"type": "string"},
            "bytes": {"type": "integer", "description": "that are there: the next offset"},
        },
    }
    example = {"file": "log.csv.gz", "bytes": 4_194_304}
    name = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}
    offset = {"type": "integer", "minimum": 0, "default": 0}
    return {
        "operationId": "imports.put_file",
        "tags": ["import"],
        "summary": "Put a part of a file; of a large one, part by part.",
        "description": "Needs the right `import.start`. The same part again changes nothing. A "
        "caller sees no other's files; they go with the import that records them, or after a day.",
        "parameters": [
            {"name": "name", "in": "path", "required": True, "schema": name,
             "description": "its ending says what it is", "example": "log.csv.gz"},
            {"name": "offset", "in": "query", "required": False, "schema": offset,
             "description": "bytes before this part; 0 begins the file anew", "example": 0},
        ],
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {}}},
        },
        "responses": {
            "200": {
                "description": "What is there of the file.",
                "headers": _HEADERS,
                "content": {JSON: {"schema": put, "example": example}},
            },
            **problems,
        },
    }  # fmt: skip


def _start(schemas: dict[str, Any], problems: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": {"$ref": REFS.format(model="ImportWanted")}, "example": WANTED}
    state = shape_of(ImportState, schemas, "import")
    return {
        "operationId": "imports.start",
        "tags": ["import"],
        "summary": "Hand an import of put files in; it is done behind those that wait.",
        "description": "Needs the right `import.start`, and `path.publish` too if its mapping says "
        "`discover: true`, but for a dry run. The same files and words again are the same import, "
        "unless an Idempotency-Key says otherwise; one that did not record is done anew.",
        "parameters": [KEY],
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {
            "200": {
                "description": "How far it is: GET /v1/imports/{import_id} tells more.",
                "headers": _HEADERS,
                "content": {JSON: {"schema": state, "example": STATE}},
            },
            **problems,
        },
    }
