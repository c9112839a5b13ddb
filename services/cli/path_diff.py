"""`orderpath path diff`: what one path, or version of it, says otherwise than another."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import given_paths
from services.cli.given_paths import GivenPath, given_path
from services.cli.options import AsJson
from services.cli.output import put, table, words
from services.cli.session import opened

if TYPE_CHECKING:
    from rich.console import RenderableType

    from domain.paths.difference import Changes, Difference, Key, Values

Row = tuple[str, str, str, str]  # which part, what of it, before, after


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=given_paths.ARGUMENT)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=given_paths.ARGUMENT)],
    json: AsJson = False,
) -> None:
    """Show what NEW says otherwise than OLD: statuses, moves, rights, everything else."""
    from domain.paths.difference import difference

    with opened() as system:
        one, other = given_path(system, old), given_path(system, new)
    found = difference(one.definition, other.definition)
    put(_as_dict(one, other, found), as_json=json, people=lambda: _sheet(one, other, found))


def _as_dict(old: GivenPath, new: GivenPath, found: "Difference") -> dict[str, Any]:
    def move(pair: tuple[str, str]) -> dict[str, str]:
        return {"from": pair[0], "to": pair[1]}

    return {
        "old": {"path": old.definition.path, "version": old.version},
        "new": {"path": new.definition.path, "version": new.version},
        "equal": found.is_empty,
        "path": _both(found.keys),
        "statuses": {
            **_changes(found.statuses, lambda code: {"status": code}),
            "closed": list(found.closed),
            "reordered": found.reordered,
        },
        "transitions": _changes(found.moves, move),
        "fields": _changes(found.fields, lambda name: {"field": name}),
    }


def _changes(
    found: "Changes[Key]", named: "Callable[[Key], dict[str, str]]"
) -> dict[str, list[Any]]:
    return {
        "added": [named(key) for key in found.added],
        "removed": [named(key) for key in found.removed],
        "changed": [{**named(key), "keys": _both(keys)} for key, keys in found.changed.items()],
    }


def _both(keys: "Mapping[str, Values]") -> dict[str, dict[str, Any]]:
    return {key: {"old": old, "new": new} for key, (old, new) in keys.items()}


def _sheet(old: GivenPath, new: GivenPath, found: "Difference") -> "Iterator[RenderableType]":
    if found.is_empty:
        yield f"No difference: {old.name} and {new.name} say the same."
        return
    rows = [
        *(("path", *row) for row in _keys(found.keys)),
        *_rows(found.statuses, "status {}".format),
        *([("statuses", "order", "-", "changed")] if found.reordered else []),
        *_folded(_rows(found.moves, _move)),
        *_rows(found.fields, "detail {}".format),
    ]
    title = f"{old.name} > {new.name}"
    yield table(title, "part", "what", "before", "after", rows=rows)


def _rows(found: "Changes[Key]", named: "Callable[[Key], str]") -> Iterator[Row]:
    yield from ((named(key), "", "-", "added") for key in found.added)
    yield from ((named(key), "", "there", "removed") for key in found.removed)
    for key, keys in found.changed.items():
        yield from ((named(key), *row) for row in _keys(keys))


def _keys(keys: "Mapping[str, Values]") -> Iterator[tuple[str, str, str]]:
    return ((key, words(old), words(new)) for key, (old, new) in keys.items())


def _move(pair: tuple[str, str]) -> str:
    return " > ".join(pair)


def _folded(rows: Iterator[Row]) -> Iterator[Row]:
    """Make one row of the moves to one status that have come, gone or changed alike."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for part, *change in rows:
        source, target = part.split(" > ")
        alike[target, *change].append(source)
    for (target, what, before, after), sources in alike.items():
        yield f"move {', '.join(sources)} > {target}", what, before, after
