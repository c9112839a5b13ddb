"""The mapping of an event log: which column means what. Read from YAML, every mistake with
its line. The language is described in docs/import.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.hints import hint
from domain.messages import Code, Name, OneOrMany, Shape, Text
from domain.orders.currencies import KnownCurrency
from domain.orders.ledger import Kind
from services.bootstrap import System
from services.imports.problem import ImportProblem
from services.text_files import read_text

MAX_PROBLEMS: Final = 50  # told at once
MAX_ACTIVITIES: Final = 1_000
MAX_ATTRIBUTES: Final = 100
ISO, EPOCH, EPOCH_MS = "iso", "epoch", "epoch_ms"
SOME_TIME: Final = datetime(2024, 12, 30, 17, 45, 6, tzinfo=UTC)  # each part another number

Place = tuple[str | int, ...]


class TimeColumn(Shape):
    """When a row happened. Local times need the zone that they are meant in."""

    column: Name
    format: Name = ISO  # iso | epoch | epoch_ms | a pattern such as %d.%m.%Y %H:%M
    zone: Name | None = None  # IANA, as Europe/Berlin
    repeated_hour: Literal["earlier", "later", "quarantine"] = "earlier"  # clocks went back
    skipped_hour: Literal["shift", "quarantine"] = "shift"  # clocks went forward

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ValueError, OSError, KeyError):
                raise ValueError(
                    f"there is no time zone {zone[:64]!r}: write an IANA name, as Europe/Berlin"
                ) from None
        return zone

    @field_validator("format")
    @classmethod
    def _pattern_can_be_read(cls, form: str) -> str:
        if form in (ISO, EPOCH, EPOCH_MS):
            return form
        if "%" not in form:
            raise ValueError("format: write iso, epoch, epoch_ms, or a pattern, as %d.%m.%Y %H:%M")
        try:
            read = datetime.strptime(SOME_TIME.strftime(form), form)  # noqa: DTZ007
        except (ValueError, re.error) as error:
            raise ValueError(
                f"format: no pattern of strptime ({error}): write one as %d.%m.%Y %H:%M"
            ) from None
        if read.date() != SOME_TIME.date():
            raise ValueError("format: year, month or day is missing: write them, as %d.%m.%Y %H:%M")
        return form

    @model_validator(mode="after")
    def _local_times_have_a_zone(self) -> Self:
        with_zone = self.format in (ISO, EPOCH, EPOCH_MS) or "%z" in self.format
        if not with_zone and self.zone is None:
            raise ValueError("zone is missing: say where these local times are meant")
        return self


class ActivityColumn(Shape):
    """What happened in a row, and the status that it means."""

    column: Name
    map: Annotated[dict[Text, Code], Field(max_length=MAX_ACTIVITIES)] = Field(default_factory=dict)
    ignore: tuple[Text, ...] = ()
    discover: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.discover and self.map:
            raise ValueError("write either map or discover, not both")
        return self


class ItemColumns(Shape):
    """Rows with a value in `id` tell of an item too."""

    id: Name
    sku: Name | None = None
    title: Name | None = None
    quantity: Name | None = None  # without: 1
    price: Name | None = None  # of one piece; without: 0
    currency: KnownCurrency


class PaymentColumns(Shape):
    """Rows of these activities are movements of money."""

    amount: Name
    currency: KnownCurrency
    movements: Annotated[dict[Text, Kind], Field(min_length=1)]
    id: Name | None = None  # without: all movements belong to one payment
    method: Name | None = None


class Placing(Shape):
    """The activity with which an order comes into being."""

    activity: Text
    currency: KnownCurrency
    channel: Code = "import"
    shop: Name = "main"
    order_type: Code = "private"


class LogMapping(Shape):
    """How an event log is read."""

    source: Code  # with the order's number it makes the order's identity, for ever
    path: Code
    order_id: Annotated[OneOrMany, Field(min_length=1, max_length=5)]
    time: TimeColumn
    activity: ActivityColumn
    sequence: Name | None = None
    event_id: Name | None = None
    duplicates: Literal["keep", "drop"] = "keep"
    actor: Name | None = None
    role: Name | None = None
    reason: Name | None = None
    reasons: Annotated[dict[Text, Code], Field(max_length=MAX_ACTIVITIES)] = Field(
        default_factory=dict
    )
    customer: Name | None = None
    item: ItemColumns | None = None
    payment: PaymentColumns | None = None
    placed: Placing | None = None
    attributes: Literal["all", "none"] | tuple[Name, ...] = "all"
    personal: OneOrMany = ()
    decimal: Literal[".", ","] = "."
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Name = "utf-8"

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(
                f"there is no encoding {encoding[:64]!r}: write utf-8, latin-1, cp1252, utf-16"
            ) from None
        return encoding

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not (self.activity.map or self.activity.discover or self.payment):
            words = "activity: map is missing: map activities, or write discover: true"
            raise _wrong_at(("activity",), words)
        if self.reasons and self.reason is None:
            words = "reason is missing: say in which column the reasons stand"
            raise _wrong_at(("reasons",), words)
        for place, column in self.used_columns():
            if place[0] != "personal" and column in self.personal:
                words = f"the column {column!r} is personal, so nothing else may be read from it"
                raise _wrong_at(place, words)
        if self.placed and self.activity.map and self.placed.activity not in self.activity.map:
            words = f"placed: the activity {self.placed.activity!r} is not in the map"
            raise _wrong_at(("placed", "activity"), words)
        return self

    def used_columns(self) -> Iterator[tuple[Place, str]]:
        """Give every column that the mapping names, with its place in the file."""
        for number, column in enumerate(self.order_id):
            yield ("order_id", number), column
        yield ("time", "column"), self.time.column
        yield ("activity", "column"), self.activity.column
        for name in ("sequence", "event_id", "actor", "role", "reason", "customer"):
            if column := getattr(self, name):
                yield (name,), column
        for part, names in _PARTS.items():
            for name in names:
                if found := getattr(getattr(self, part), name, None):
                    yield (part, name), found
        if isinstance(self.attributes, tuple):
            for number, column in enumerate(self.attributes):
                yield ("attributes", number), column
        for number, column in enumerate(self.personal):
            yield ("personal", number), column


def _wrong_at(place: Place, words: str) -> PydanticCustomError:
    """Blame one place for what the mapping as a whole shows."""
    return PydanticCustomError("wrong_at", "{words}", {"words": words, "place": place})


_PARTS: Final = {
    "item": ("id", "sku", "title", "quantity", "price"),
    "payment": ("amount", "id", "method"),
}


def stored_form(mapping: LogMapping) -> dict[str, Any]:
    """Give the mapping as the run remembers it: enough to read a row again later.

    The map as pairs, because its order counts and JSON objects have none.
    """
    form = mapping.model_dump(mode="json", exclude_defaults=True)
    if mapping.activity.map:
        form["activity"]["map"] = [list(pair) for pair in mapping.activity.map.items()]
    return form


def restored(form: Mapping[str, Any]) -> LogMapping:
    """Give the mapping that was stored so. Raises: pydantic.ValidationError"""
    activity = {**form["activity"], "map": dict(form["activity"].get("map", ()))}
    return LogMapping.model_validate({**form, "activity": activity})


class Sheet(Protocol):
    """Values with their places; infra.yaml_sheet gives them."""

    data: object
    readable: bool

    def spot(self, place: Place, *, of_key: bool = False) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping with the places of what it says."""

    name: str
    mapping: LogMapping
    sheet: Sheet

    def problem(self, place: Place, words: str) -> str:
        """Word a problem with its place: `file:line:column: words`."""
        line, column = self.sheet.spot(place)
        return f"{self.name}:{line}:{column}: {words}"

    def check_columns(self, found: Sequence[str], where: str) -> None:
        """Refuse names that the table has not. Raises: ImportProblem"""
        problems = [
            self.problem(place, f"{where} has no column {column!r}{hint(column, found)}")
            for place, column in self.mapping.used_columns()
            if column not in found
        ]
        if problems:
            raise ImportProblem(*problems[:MAX_PROBLEMS])


def read_mapping(system: System, path: Path) -> MappingFile:
    """Read a mapping from its file. Raises: Unusable; ImportProblem with every mistake"""
    sheet = system.import_desk.read_sheet(read_text(path))
    if sheet.faults or not sheet.readable:
        raise ImportProblem(
            *(f"{path.name}:{f.line}:{f.column}: {f.message}" for f in sheet.faults[:MAX_PROBLEMS])
        )
    try:
        mapping = LogMapping.model_validate(sheet.data)
    except ValidationError as error:
        raise ImportProblem(*_problems(error, path.name, sheet)) from None
    return MappingFile(path.name, mapping, sheet)


def _problems(error: ValidationError, name: str, sheet: Sheet) -> Iterable[str]:
    found = []
    for one in error.errors(include_url=False)[:MAX_PROBLEMS]:
        place = one["loc"] + one.get("ctx", {}).get("place", ())
        line, column = sheet.spot(place, of_key=one["type"] == "extra_forbidden")
        found.append((line, column, _words(one["type"], place, one["msg"], one.get("ctx", {}))))
    return (f"{name}:{line}:{column}: {words}" for line, column, words in sorted(set(found)))


def _words(kind: str, place: Place, message: str, facts: dict[str, Any]) -> str:
    key = str(place[-1]) if place else "the mapping"
    match kind:
        case "missing":
            return f"{key} is missing: add it"
        case "extra_forbidden":
            return f"unknown key {key[:64]!r}{hint(key, _keys_beside(place))}"
        case "literal_error":
            return f"{key}: write {facts['expected']}"
        case "wrong_at":
            return message
        case "value_error":
            return message.removeprefix("Value error, ")
        case "model_type" | "dict_type":
            return f"{key}: write keys with values here, as in {{key: value}}"
        case "string_pattern_mismatch" if "A-Z" in facts.get("pattern", ""):
            return f"{key}: write a currency of three capital letters, as EUR"
        case "string_pattern_mismatch":
            return f"{key}: write a-z, 0-9 and _, beginning with a letter, at most 64 characters"
        case _:
            return f"{key}: {message}"


def _keys_beside(place: Place) -> Sequence[str]:
    shape: Any = LogMapping
    for part in place[:-1]:
        shape = _SHAPES.get(str(part), shape)
    return tuple(shape.model_fields)


_SHAPES: Final = {
    "time": TimeColumn,
    "activity": ActivityColumn,
    "item": ItemColumns,
    "payment": PaymentColumns,
    "placed": Placing,
}
