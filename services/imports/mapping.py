"""The mapping of an event log: which column means what. mapping_file reads it from YAML. The
language is described in docs/import.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from domain.messages import Code, Name, OneOrMany, Shape, Text
from domain.orders.currencies import KnownCurrency
from domain.orders.ledger import Kind

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

    def used_columns(self) -> Iterator[tuple[Place, str]]:
        """Give every column that the mapping names, with its place in the file."""
        return used_columns(self.model_dump())


def used_columns(written: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Give every column that a mapping names, with its place, also of one with mistakes."""
    for number, column in enumerate(texts(written.get("order_id"))):
        yield ("order_id", number), column
    for part, names in _COLUMNS.items():
        for name in names:
            place = (part, name) if part else (name,)
            value = (part_of(written, part) if part else written).get(name)
            if value and isinstance(value, str):
                yield place, value
    if not isinstance(written.get("attributes"), str):
        for number, column in enumerate(texts(written.get("attributes"))):
            yield ("attributes", number), column
    for number, column in enumerate(texts(written.get("personal"))):
        yield ("personal", number), column


def part_of(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a part of a mapping, an empty one if what is written is none."""
    part = written.get(name)
    return part if isinstance(part, dict) else {}


def texts(value: object) -> Sequence[str]:
    """Give what may be written as one text or as several."""
    if isinstance(value, str):
        return (value,)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else ()


_COLUMNS: Final = {
    "time": ("column",),
    "activity": ("column",),
    "": ("sequence", "event_id", "actor", "role", "reason", "customer"),
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
