"""Rules as people write them: YAML in, a checked `Rule` or every problem out.

The language is described in docs/rules.md. Called by services.bootstrap, for the ready-made rules
and for the files of a shop.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from domain.hints import hint, nearest
from domain.paths.durations import format_duration
from domain.rules.actions import ACTIONS
from domain.rules.rule import Rule, undefined_names
from domain.rules.triggers import (
    CHANGING,
    EVENT_NAMES,
    LONGEST,
    TRIGGERS,
    OnChange,
    OnEvent,
)
from infra.yaml_language import FileError, Language, Misfit
from infra.yaml_sheet import Place

_PRESETS: Final = "domain.rules.presets"
_DEFINED: Final = {"event": EVENT_NAMES, "field": tuple(CHANGING)}  # kind of a name -> all of them
_KINDS: Final = {"on": TRIGGERS, "then": ACTIONS}  # list -> the keys of which an element has one


def shop_names() -> tuple[str, ...]:
    """Name the ready-made shops that have rules of their own, in alphabetical order."""
    return tuple(sorted(entry.name for entry in files(_PRESETS).iterdir() if _is_shop(entry)))


def shop_rules(shop: str) -> tuple[Rule, ...]:
    """Read the rules of a ready-made shop, in alphabetical order. Raises: FileError"""
    if shop not in (names := shop_names()):
        raise FileError(f"no ready-made shop {shop[:64]!r} has rules{hint(shop, names)}")
    found = (entry for entry in files(_PRESETS).joinpath(shop).iterdir() if _is_rule(entry))
    return tuple(
        read_rule(one.read_text(encoding="utf-8"), where=f"{shop}/{one.name}")
        for one in sorted(found, key=lambda entry: entry.name)
    )


def _is_shop(entry: Traversable) -> bool:
    return entry.is_dir() and any(map(_is_rule, entry.iterdir()))


def _is_rule(entry: Traversable) -> bool:
    return entry.name.endswith(".yaml")


def _undefined(data: object, wrong: set[Place]) -> Iterator[Misfit]:
    """Find undefined names beside other errors; the model finds them when all else is well."""
    top = data if isinstance(data, dict) else {}
    triggers = [one if isinstance(one, dict) else {} for one in _list(top.get("on"))]
    sketch = Rule.model_construct(
        rule="",
        then=(),
        on=tuple(map(_sketched, triggers)),
        cancel_on=tuple(_names(top.get("cancel_on"))),
    )
    for place, kind, name in undefined_names(sketch):
        yield Misfit("undefined_name", place, name, {"kind": kind}, "")


def _sketched(trigger: Mapping[str, Any]) -> OnEvent | OnChange:
    if "event" in trigger:
        return OnEvent.model_construct(event=tuple(_names(trigger["event"])))
    change = trigger.get("change")
    if isinstance(change, str):
        return OnChange.model_construct(change=change)
    return OnEvent.model_construct(event=())


def _names(value: object) -> Iterator[str]:
    """Give the names that can be told; what is none has been told as such."""
    listed = [value] if isinstance(value, str) else _list(value)
    return (name if isinstance(name, str) else EVENT_NAMES[0] for name in listed)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(misfit: Misfit, _data: object) -> str | None:
    match misfit.kind:
        case "undefined_name":
            kind = misfit.facts["kind"]
            return f"there is no {kind} {misfit.shown}{hint(misfit.given, _DEFINED[kind])}"
        case "unknown_trigger" | "unknown_action":
            return _of_no_kind(misfit)
        case "extra_forbidden" if len(misfit.place) == 3 and misfit.place[0] in _KINDS:
            return _of_two_kinds(misfit)
        case "string_pattern_mismatch" if misfit.place[-2:-1] == ("at",):
            return f"{misfit.shown} is no hour: write 09:30"
        case "greater_than_equal":
            return f"too little: write at least {_bound(misfit.facts['ge'], '1s')}"
        case "less_than_equal":
            return f"too much: write at most {_bound(misfit.facts['le'], format_duration(LONGEST))}"
        case "int_parsing" | "int_type":
            return f"{misfit.shown} is no whole number: write one"
        case _:
            return None


def _of_no_kind(misfit: Misfit) -> str:
    """Say what an element of a list lacks; of what it has, what was probably meant."""
    kinds = _KINDS[str(misfit.place[0])]
    if not isinstance(misfit.given, dict):
        return f"write keys with values here, as in {{{kinds[0]}: …}}"
    for key in misfit.given:
        if (meant := nearest(key, kinds)) is not None:
            return f"unknown key {key[:64]!r}: did you mean {meant}?"
    return f"{misfit.message}: write it"


def _of_two_kinds(misfit: Misfit) -> str | None:
    if misfit.key not in _KINDS[str(misfit.place[0])]:
        return None
    return f"{misfit.key!r} stands beside another one: write an element of its own for it"


def _bound(bound: object, of_waits: str) -> str:
    return str(bound) if isinstance(bound, int) else of_waits


_LANGUAGE = Language(
    kind="rule",
    model=Rule,
    presets=_PRESETS,
    words=_words,
    beside=_undefined,
)
read_rule = _LANGUAGE.read
place_rule = _LANGUAGE.place
load_preset = _LANGUAGE.load_preset
preset_names = _LANGUAGE.preset_names
