"""Aggregate states to JSON and back, under a type name that no other version of the code shares.

Used by infra.snapshots. A state that does not read back as what it was is none to keep.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, create_model
from pydantic_core import to_json

import domain
from domain.catalog import AGGREGATES
from domain.messages import Aggregate
from domain.orders.fields import FieldValue

_FINGERPRINT_CHARACTERS: Final = 16  # of 64, hexadecimal


def _marked(value: FieldValue) -> dict[str, str] | str | None:
    return {"at": value.astimezone(UTC).isoformat()} if isinstance(value, datetime) else value


def _unmarked(value: Any) -> Any:
    return datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value


# JSON has one kind of text: a moment among texts is marked, or it could come back as a text.
_StoredFieldValue = Annotated[
    FieldValue,
    PlainSerializer(_marked, return_type=dict[str, str] | str | None),
    BeforeValidator(_unmarked),
]
_STORED_OTHERWISE: Final[Mapping[str, Mapping[str, Any]]] = {
    "order": {"fields": Mapping[str, _StoredFieldValue]},
}


@dataclass(frozen=True, slots=True)
class StateShape:
    """How the states of one category are stored."""

    name: str  # `order.state.<fingerprint>`
    aggregate: type[Aggregate]
    model: type[BaseModel]

    def dump(self, state: Aggregate) -> str:
        """Give the state as JSON.

        Raises: ValueError if it would not come back as what it is.
        """
        values = {name: getattr(state, name) for name in self.model.model_fields}
        # A warning of pydantic would show the value, which may be personal data.
        body = self.model.model_construct(**values).model_dump_json(warnings="error")
        if self.restore(body) != state:
            raise ValueError(f"a state of {self.name} does not survive JSON")
        return body

    def restore(self, body: str | bytes) -> Aggregate:
        """Give the state that was dumped.

        Raises: pydantic.ValidationError
        """
        return self.aggregate(**dict(self.model.model_validate_json(body)))


@cache
def shape_of(category: str) -> StateShape:
    """Give the shape of a category of streams: `order`, `path`."""
    return make_shape(category, AGGREGATES[category], code_fingerprint())


def make_shape(category: str, aggregate: Any, code: bytes) -> StateShape:
    """Derive the shape of an aggregate, a dataclass; its name tells one code from another."""
    hints = {
        **get_type_hints(aggregate, include_extras=True),
        **_STORED_OTHERWISE.get(category, {}),
    }
    definitions: dict[str, Any] = {one.name: (hints[one.name], ...) for one in fields(aggregate)}
    config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    model = create_model(f"{aggregate.__name__}State", __config__=config, **definitions)
    schema = to_json(model.model_json_schema(mode="serialization"))
    fingerprint = sha256(code + schema).hexdigest()[:_FINGERPRINT_CHARACTERS]
    return StateShape(f"{category}.state.{fingerprint}", aggregate, model)


@cache
def code_fingerprint() -> bytes:
    """Give the fingerprint of the code that runs.

    Called once when a process starts: later the files on disk may be those of its successor.
    """
    return fingerprint_of(_version(), Path(domain.__file__).parent)


def fingerprint_of(released: str, folder: Path) -> bytes:
    """Hash a version and all sources in a folder: another evolve makes another state."""
    found = sha256(released.encode())
    for path in sorted(folder.rglob("*.py")):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.digest()


def _version() -> str:
    try:
        return version("orderpath")
    except PackageNotFoundError:  # Run from a folder that was never installed.
        return ""
