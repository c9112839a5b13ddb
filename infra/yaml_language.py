"""A language that people write in YAML: a file becomes its model, or every problem is told.

Used by path_files, rule_files and the others of that name, which say what is special about theirs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from operator import itemgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from domain.hints import hint
from domain.paths.definition import TooMuchToCompile, read_anew
from domain.refusals import Unusable
from infra.yaml_sheet import Fault, Place, Sheet, read_sheet

MAX_PROBLEMS = 100  # told at once
Model = TypeVar("Model", bound=BaseModel)

_ADVICE = {
    "missing": "{key} is missing: add it",
    "string_type": "write one text here",
    "dict_type": "write keys with values here, as in {{key: value}}",
    "model_type": "write keys with values here, as in {{key: value}}",
    "tuple_type": "write a list here, as in [a, b]",
    "too_short": "write at least {min_length} here",
    "too_long": "at most {max_length} may stand here: take some out",
    "string_too_short": "write something here",
    "string_too_long": "write at most {max_length} characters here",
}
_CODE = "a-z, 0-9 and _, beginning with a letter, at most 64 characters"


class FileError(Unusable):
    """A file cannot be used. Each problem: `file:line:column: what is wrong: what to do`."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: tuple[str, ...] = problems


class Misfit(NamedTuple):
    """What the model does not take: a kind of pydantic's, or one that the language adds."""

    kind: str
    within: Place  # as the model tells it: with the tag of each union's member that was meant
    given: object
    facts: Mapping[str, Any]
    message: str

    @property
    def place(self) -> Place:
        """Where it stands in the text."""
        return tuple(key for key in self.within if not _is_tag(key))

    @property
    def key(self) -> str:
        return str(self.place[-1]) if self.place else ""

    @property
    def shown(self) -> str:
        text = str(self.given)
        return repr(self.given if len(text) <= 64 else f"{text[:64]}…")

    @property
    def is_of_key(self) -> bool:
        return self.kind == "extra_forbidden" or self.place[-1:] == ("[key]",)


def _no_words(_misfit: Misfit, _data: object) -> None:
    return None


def _nothing(_data: object, _wrong: set[Place]) -> tuple[Misfit, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Placed(Generic[Model]):
    """What a file says, and where it says it."""

    value: Model
    spot: Callable[[Place], tuple[int, int]]  # line and column of a key, or of the one above it


@dataclass(frozen=True, slots=True)
class Language(Generic[Model]):
    """What is special about one kind of file."""

    kind: str  # what a file holds, in one word
    model: type[Model]
    presets: str = ""  # the package of the ready-made ones, one file each; empty: there are none
    words: Callable[[Misfit, object], str | None] = _no_words  # None: the common ones
    beside: Callable[[object, set[Place]], Iterable[Misfit]] = _nothing  # what models find too late

    def read(self, text: str, *, where: str) -> Model:
        """Read one file; `where` names it in the problems.

        Raises: FileError with at most MAX_PROBLEMS problems, in the order of the file
        """
        return self.place(text, where=where).value

    def place(self, text: str, *, where: str) -> Placed[Model]:
        """Read one file with the line and column of each of its keys. Raises: as read"""
        sheet = read_sheet(text)
        faults = list(sheet.faults)
        if sheet.readable:
            try:
                value = self.model.model_validate(sheet.data, context=read_anew())
            except TooMuchToCompile as error:
                raise FileError(f"{where}: {error}") from None
            except ValidationError as error:
                faults += self._faults(error, sheet)
            else:
                if not faults:
                    return Placed(value, partial(sheet.spot, of_key=True))
        faults.sort()
        problems = [f"{where}:{f.line}:{f.column}: {f.message}" for f in faults[:MAX_PROBLEMS]]
        if len(faults) > MAX_PROBLEMS:
            problems.append(f"{where}: there are more problems: correct these first")
        raise FileError(*problems)

    def load_preset(self, name: str) -> Model:
        """Read a ready-made one. Raises: FileError if there is none of that name"""
        names = self.preset_names()
        if name not in names:
            words = f"there is no ready-made {self.kind} {name[:64]!r}{hint(name, names)}"
            raise FileError(words)
        source = files(self.presets).joinpath(f"{name}.yaml")
        return self.read(source.read_text(encoding="utf-8"), where=source.name)

    def preset_names(self) -> tuple[str, ...]:
        """Give the names of the ready-made ones, in alphabetical order."""
        found = (entry.name for entry in files(self.presets).iterdir())
        return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))

    def _faults(self, error: ValidationError, sheet: Sheet) -> list[Fault]:
        """Put what does not fit where it stands in the text; word the first ones only."""
        misfits = [
            Misfit(e["type"], e["loc"], e["input"], e.get("ctx", {}), e["msg"])
            for e in error.errors(include_url=False)
        ]
        spoiled = {m.place[:end] for m in misfits for end in range(len(m.place))}
        misfits = [
            misfit
            for misfit in misfits
            if not _within(misfit.place, sheet.faulty)
            # It is too short only because what is wrong inside was not counted.
            and not (misfit.kind == "too_short" and misfit.place in spoiled)
        ]
        wrong = sheet.faulty | {misfit.place for misfit in misfits}
        misfits += [m for m in self.beside(sheet.data, wrong) if not _within(m.place, wrong)]
        placed = [(sheet.spot(m.place, of_key=m.is_of_key), m) for m in misfits]
        placed.sort(key=itemgetter(0))
        faults = [
            Fault(*spot, self.words(m, sheet.data) or self._words(m))
            for spot, m in placed[: MAX_PROBLEMS + 1]
        ]
        return list(dict.fromkeys(faults))

    def _words(self, misfit: Misfit) -> str:
        match misfit.kind:
            case "extra_forbidden":
                known = _keys_at(self.model, misfit.within[:-1])
                return f"unknown key {misfit.key[:64]!r}{hint(misfit.key, known)}"
            case "literal_error":
                expected = re.findall(r"'([^']*)'", misfit.facts["expected"])
                return f"{misfit.shown} is not known here{hint(misfit.given, expected)}"
            case "string_pattern_mismatch":
                return f"{misfit.shown} does not fit: write {_CODE}"
            case "value_error":
                return misfit.message.removeprefix("Value error, ")
            case kind:
                advice = _ADVICE.get(kind)
                return advice.format(key=misfit.key, **misfit.facts) if advice else misfit.message


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """Give the keys that the shape at a place takes."""
    shape: Any = model
    for key in place:
        shape = _inside(shape, str(key))
    return list(_by_key(shape))


def _inside(shape: Any, key: str) -> Any:
    """Give what stands behind a key, name or number of a shape, or the member that a tag names."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        inner = _by_key(shape)[key]
    elif _is_tag(key):
        inner = next(one for one in get_args(shape) if Tag(key) in get_args(one))
    else:
        inner = get_args(shape)[-1 if get_origin(shape) is dict else 0]
    if get_origin(inner) is Annotated:
        inner = get_args(inner)[0]
    if get_origin(inner) in (Union, UnionType) and NoneType in get_args(inner):
        inner = next(one for one in get_args(inner) if one is not NoneType)  # None: left out.
    return inner


def _is_tag(key: object) -> bool:
    """Whether it names a member of a union: the models write those in brackets, as no key is."""
    return isinstance(key, str) and key.startswith("(") and key.endswith(")")


def _by_key(shape: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in shape.model_fields.items()}


def _within(place: Place, places: set[Place]) -> bool:
    return any(place[:end] in places for end in range(len(place) + 1))
