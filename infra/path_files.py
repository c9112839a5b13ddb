"""Order paths as people write them: YAML in, a checked `OrderPath` or every problem out.

The language is described in docs/paths.md. Called by services.bootstrap, for the ready-made paths
and for the files of a shop.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from domain.hints import hint
from domain.orders.fields import RIGHTS
from domain.orders.items import PIECE_STATUSES
from domain.paths.names import undefined_names
from domain.paths.path import OrderPath
from domain.paths.rights import FieldRight
from domain.paths.statuses import Initial, Status
from domain.paths.transitions import Follow, Transition
from infra.yaml_language import Language, Misfit
from infra.yaml_sheet import Place

Plain = TypeVar("Plain", str, list[Any], dict[str, Any])

_TABLES = {"stage": "stages", "status": "statuses"}  # kind of a name -> where it is defined
_DEFINED = {"field": RIGHTS, "item status": PIECE_STATUSES}  # kind of a name -> all that there are
_FORMS = {"color": 'a colour in quotes, as in "#4c9be8"', "at": "100%", "warn": "50%"}


def _undefined(data: object, wrong: set[Place]) -> Iterator[Misfit]:
    """Find undefined names beside other errors; the model alone finds them when all else is well.

    Where the stages or the statuses as a whole are wrong, nobody can say what is defined.
    """
    top = _or(data, {})
    bodies = {code: _or(body, {}) for code, body in _or(top.get("statuses"), {}).items()}
    stages = {code: _or(body.get("stage"), "") for code, body in bodies.items()}
    starts = [_or(start, {}) for start in _or(top.get("initial"), [])]
    moves = [_or(move, {}) for move in _or(top.get("transitions"), [])]
    follows = [_or(follow, {}) for follow in _or(top.get("follow"), [])]
    sketch = OrderPath.model_construct(
        path="",
        stages=_names(top.get("stages")),
        statuses={code: Status.model_construct(stage=stage) for code, stage in stages.items()},
        initial=tuple(Initial.model_construct(status=_or(s.get("status"), "")) for s in starts),
        transitions=tuple(
            Transition.model_construct(from_=_names(m.get("from")), to=_names(m.get("to")))
            for m in moves
        ),
        fields={
            name: FieldRight.model_construct(closed_in=_names(_or(right, {}).get("closed_in")))
            for name, right in _or(top.get("fields"), {}).items()
        },
        follow=tuple(
            Follow.model_construct(
                items=_or(f.get("items"), ""), from_=_names(f.get("from")), to=_or(f.get("to"), "")
            )
            for f in follows
        ),
    )
    for place, kind, name in undefined_names(sketch):
        if kind not in _TABLES or (_TABLES[kind],) not in wrong:
            yield Misfit("undefined_name", place, name, {"kind": kind}, "")


def _or(value: object, otherwise: Plain) -> Plain:
    return value if isinstance(value, type(otherwise)) else otherwise


def _names(value: object) -> tuple[str, ...]:
    return tuple(_or(name, "") for name in ([value] if isinstance(value, str) else _or(value, [])))


def _words(misfit: Misfit, data: object) -> str | None:
    match misfit.kind:
        case "undefined_name":
            kind = misfit.facts["kind"]
            defined = _DEFINED.get(kind) or _names(list(_or(data, {})[_TABLES[kind]]))
            return f"there is no {kind} {misfit.shown}{hint(misfit.given, defined)}"
        case "string_pattern_mismatch" if misfit.key in _FORMS:
            return f"{misfit.shown} does not fit: write {_FORMS[misfit.key]}"
        case "greater_than_equal":
            return "a limit is at least 1s: write more"
        case "less_than_equal":
            return "a limit is at most 3650d, ten years: write less"
        case _:
            return None


_LANGUAGE = Language(
    kind="path",
    model=OrderPath,
    presets="domain.paths.presets",
    words=_words,
    beside=_undefined,
)
read_path = _LANGUAGE.read
place_path = _LANGUAGE.place
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
