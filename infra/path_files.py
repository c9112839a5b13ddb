"""Order paths as people write them: YAML in, a checked `OrderPath` or every problem out.

The language is described in docs/paths.md. Called by services.bootstrap, for the ready-made paths
and for the files of a shop.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from domain.hints import hint
from domain.paths.path import Escalation, Initial, Limit, OrderPath, Status, Transition
from domain.refusals import OrderpathError
from infra.yaml_sheet import Fault, Place, Sheet, read_sheet

MAX_PROBLEMS = 100  # told at once
Plain = TypeVar("Plain", str, list[Any], dict[str, Any])

_PRESETS = "domain.paths.presets"
_SHAPES: dict[tuple[str, ...], type[BaseModel]] = {
    (): OrderPath,
    ("statuses",): Status,
    ("statuses", "limit"): Limit,
    ("statuses", "limit", "escalate"): Escalation,
    ("initial",): Initial,
    ("transitions",): Transition,
}
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
    "greater_than_equal": "a limit is at least 1s: write more",
    "less_than_equal": "a limit is at most 3650d, ten years: write less",
}
_CODE = "a-z, 0-9 and _, beginning with a letter, at most 64 characters"
_FORMS = {"color": 'a colour in quotes, as in "#4c9be8"', "at": "100%", "warn": "50%"}


class PathFileError(OrderpathError):
    """A file is no usable path. Each problem: `file:line:column: what is wrong: what to do`."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: tuple[str, ...] = problems


def read_path(text: str, *, where: str) -> OrderPath:
    """Read one path from YAML; `where` names the file in the problems.

    Raises: PathFileError with all problems, at most MAX_PROBLEMS, in the order of the file.
    """
    sheet = read_sheet(text)
    faults = list(sheet.faults)
    if sheet.readable:
        try:
            path = OrderPath.model_validate(sheet.data)
        except ValidationError as error:
            faults += _faults(error, sheet)
        else:
            if not faults:
                return path
    faults.sort()
    problems = [f"{where}:{f.line}:{f.column}: {f.message}" for f in faults[:MAX_PROBLEMS]]
    if len(faults) > MAX_PROBLEMS:
        problems.append(f"{where}: there are more problems: correct these first")
    raise PathFileError(*problems)


def load_preset(name: str) -> OrderPath:
    """Read one of the paths that come with Orderpath.

    Raises: PathFileError if there is none of that name.
    """
    names = preset_names()
    if name not in names:
        raise PathFileError(f"there is no ready-made path {name[:64]!r}{hint(name, names)}")
    source = files(_PRESETS).joinpath(f"{name}.yaml")
    return read_path(source.read_text(encoding="utf-8"), where=source.name)


def preset_names() -> tuple[str, ...]:
    """Give the names of the paths that come with Orderpath, in alphabetical order."""
    found = (entry.name for entry in files(_PRESETS).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


class _Error(NamedTuple):
    """One error of the model: a kind of pydantic's, or an undefined name."""

    kind: str
    place: Place
    given: object
    facts: Mapping[str, Any]
    message: str

    @property
    def is_of_key(self) -> bool:
        return self.kind == "extra_forbidden" or self.place[-1:] == ("[key]",)


def _faults(error: ValidationError, sheet: Sheet) -> list[Fault]:
    """Put the model's errors where they stand in the text; word the first ones only."""
    errors = [
        _Error(e["type"], e["loc"], e["input"], e.get("ctx", {}), e["msg"])
        for e in error.errors(include_url=False)
        if e["type"] != "undefined_name" and not _within(e["loc"], sheet.faulty)
    ]
    wrong = sheet.faulty | {e.place for e in errors}
    errors += [e for e in _undefined(sheet.data, wrong) if not _within(e.place, wrong)]
    placed = [(sheet.spot(e.place, of_key=e.is_of_key), e) for e in errors]
    placed.sort(key=itemgetter(0))
    faults = [Fault(*spot, _words(e, sheet.data)) for spot, e in placed[: MAX_PROBLEMS + 1]]
    return list(dict.fromkeys(faults))


def _within(place: Place, places: set[Place]) -> bool:
    return any(place[:end] in places for end in range(len(place) + 1))


def _undefined(data: object, wrong: set[Place]) -> Iterator[_Error]:
    """Find undefined names beside other errors; the model alone finds them when all else is well.

    Where the stages or the statuses as a whole are wrong, nobody can say what is defined.
    """
    top = _or(data, {})
    bodies = {code: _or(body, {}) for code, body in _or(top.get("statuses"), {}).items()}
    stages = {code: _or(body.get("stage"), "") for code, body in bodies.items()}
    starts = [_or(start, {}) for start in _or(top.get("initial"), [])]
    moves = [_or(move, {}) for move in _or(top.get("transitions"), [])]
    sketch = OrderPath.model_construct(
        path="",
        stages=_names(top.get("stages")),
        statuses={code: Status.model_construct(stage=stage) for code, stage in stages.items()},
        initial=tuple(Initial.model_construct(status=_or(s.get("status"), "")) for s in starts),
        transitions=tuple(
            Transition.model_construct(from_=_names(m.get("from")), to=_names(m.get("to")))
            for m in moves
        ),
    )
    for place, kind, name in sketch.undefined_names():
        if ("stages" if kind == "stage" else "statuses",) not in wrong:
            yield _Error("undefined_name", place, name, {"kind": kind}, "")


def _or(value: object, otherwise: Plain) -> Plain:
    return value if isinstance(value, type(otherwise)) else otherwise


def _names(value: object) -> tuple[str, ...]:
    return tuple(_or(name, "") for name in ([value] if isinstance(value, str) else _or(value, [])))


def _words(error: _Error, data: object) -> str:
    key = str(error.place[-1]) if error.place else ""
    given = repr(error.given if len(str(error.given)) <= 64 else f"{str(error.given)[:64]}…")
    match error.kind:
        case "undefined_name":
            kind = error.facts["kind"]
            defined = _or(data, {})["stages" if kind == "stage" else "statuses"]
            return f"there is no {kind} {given}{hint(error.given, _names(list(defined)))}"
        case "extra_forbidden":
            return _unknown_key(error.place)
        case "literal_error":
            expected = re.findall(r"'([^']*)'", error.facts["expected"])
            return f"{given} is not known here{hint(error.given, expected)}"
        case "string_pattern_mismatch":
            return f"{given} does not fit: write {_FORMS.get(key, _CODE)}"
        case "value_error":
            return error.message.removeprefix("Value error, ")
        case kind:
            advice = _ADVICE.get(kind)
            return advice.format(key=key, **error.facts) if advice else error.message


def _unknown_key(place: Place) -> str:
    *above, key = place
    shape = (*above[:1], *(part for part in above[2:] if isinstance(part, str)))
    if shape == ("statuses", "limit") and key in ("working", "calendar"):
        return "working time needs a calendar, not supported yet: write wall"
    fields = _SHAPES[tuple(map(str, shape))].model_fields
    known = [described.alias or name for name, described in fields.items()]
    return f"unknown key {str(key)[:64]!r}{hint(key, known)}"
