"""The file of a mapping, read so that all its mistakes are told at once, each with its line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import TypeAdapter, ValidationError

from domain.hints import hint
from services.bootstrap import System
from services.imports.mapping import (
    ActivityColumn,
    ItemColumns,
    LogMapping,
    PaymentColumns,
    Place,
    Placing,
    TimeColumn,
    part_of,
    texts,
    used_columns,
)
from services.imports.problem import ImportProblem
from services.text_files import read_stream, read_text

_BOOLEAN: Final = TypeAdapter(bool)
MAX_PROBLEMS: Final = 50  # told at once

Mistake = tuple[int, int, str]  # line, column, what is wrong


class Sheet(Protocol):
    """Values with their places; infra.yaml_sheet gives them."""

    data: object
    readable: bool

    def spot(self, place: Place, *, of_key: bool = False) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class MappingFile:
    """What a mapping says, and what is wrong with it whatever the table and the path are."""

    name: str
    sheet: Sheet
    valid: LogMapping | None  # None: not all that is written can be a mapping
    mistakes: Sequence[Mistake]
    wrong: frozenset[str | int]  # keys whose values cannot be used

    @property
    def written(self) -> Mapping[str, Any]:
        """What stands there, usable or not."""
        return _written(self.sheet)

    def mistake(self, place: Place, words: str) -> Mistake:
        """Say what is wrong at a place."""
        return *self.sheet.spot(place), words

    def without(self, more: Iterable[Mistake] = ()) -> LogMapping:
        """Give the mapping if it has no mistakes, nor these. Raises: ImportProblem with them all"""
        found = sorted({*self.mistakes, *more})
        if found:
            shown = found[:MAX_PROBLEMS]
            raise ImportProblem(*(f"{self.name}:{n}:{at}: {words}" for n, at, words in shown))
        assert self.valid is not None
        return self.valid

    def missing_columns(self, found: Sequence[str], where: str) -> Iterator[Mistake]:
        """Name the columns that the table has not."""
        for place, column in used_columns(self.written):
            if column not in found:
                yield self.mistake(place, f"{where} has no column {column!r}{hint(column, found)}")


def read_mapping(system: System, path: Path) -> MappingFile:
    """Read a mapping with its mistakes. Raises: Unusable; ImportProblem if it is no YAML"""
    sheet = system.import_desk.read_sheet(read_text(path))
    if sheet.faults or not sheet.readable:
        raise ImportProblem(
            *(f"{path.name}:{f.line}:{f.column}: {f.message}" for f in sheet.faults[:MAX_PROBLEMS])
        )
    mistakes = [(*sheet.spot(place), words) for place, words in _contradictions(_written(sheet))]
    try:
        valid = LogMapping.model_validate(sheet.data)
    except ValidationError as error:
        mistakes += _unusable(error, sheet)
        wrong = frozenset(one["loc"][0] for one in error.errors() if one["loc"])
        return MappingFile(path.name, sheet, None, mistakes, wrong)
    return MappingFile(path.name, sheet, valid, mistakes, frozenset())


def _written(sheet: Sheet) -> Mapping[str, Any]:
    return sheet.data if isinstance(sheet.data, dict) else {}


def _contradictions(written: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Find what no value shows by itself."""
    activity, placed = part_of(written, "activity"), part_of(written, "placed")
    mapped = part_of(activity, "map")
    if activity and not (activity.get("map") or discovers(written) or written.get("payment")):
        yield ("activity",), "activity: map is missing: map activities, or write discover: true"
    if written.get("reasons") and not written.get("reason"):
        yield ("reasons",), "reason is missing: say in which column the reasons stand"
    personal = texts(written.get("personal"))
    for place, column in used_columns(written):
        if place[0] != "personal" and column in personal:
            words = f"the column {column!r} is personal, so nothing else may be read from it"
            yield place, words
    for name in texts(placed.get("activity")):
        if mapped and name not in mapped:
            yield ("placed", "activity"), f"placed: the activity {name!r} is not in the map"


def drafts_path(system: System, text: str) -> bool:
    """Whether an import by this mapping publishes a path that it drafts. Raises: Unusable

    The text is read as it will be read from its file: with any ends of lines, and any beginning.
    """
    sheet = system.import_desk.read_sheet(read_stream(StringIO(text, newline=None), "mapping"))
    return sheet.readable and discovers(_written(sheet))


def discovers(written: Mapping[str, Any]) -> bool:
    """Whether the path is to be drafted from the rows."""
    try:
        return _BOOLEAN.validate_python(part_of(written, "activity").get("discover"))
    except ValidationError:  # Nothing, or what is told as wrong where it stands.
        return False


def _unusable(error: ValidationError, sheet: Sheet) -> Iterator[Mistake]:
    for one in error.errors(include_url=False):
        place = one["loc"]
        spot = sheet.spot(place, of_key=one["type"] == "extra_forbidden")
        yield *spot, _words(one["type"], place, one["msg"], one.get("ctx", {}))


def _words(kind: str, place: Place, message: str, facts: dict[str, Any]) -> str:
    key = str(place[-1]) if place else "the mapping"
    match kind:
        case "missing":
            return f"{key} is missing: add it"
        case "extra_forbidden":
            return f"unknown key {key[:64]!r}{hint(key, _keys_beside(place))}"
        case "literal_error":
            return f"{key}: write {facts['expected']}"
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
