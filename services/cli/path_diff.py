"""`orderpath path diff`: what one path, or version of it, says otherwise than another."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.given import PATH, called, given
from services.cli.options import AsJson
from services.cli.output import put, table, words
from services.cli.session import desk as opened_desk

if TYPE_CHECKING:
    from rich.console import RenderableType

Row = tuple[str, str, str, str]  # which part, what of it, before, after


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=PATH)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=PATH)],
    json: AsJson = False,
) -> None:
    """Show what NEW says otherwise than OLD: statuses, moves, rights, everything else."""
    from services.questions.lint import PathDiff

    asked = PathDiff(old=given(old), new=given(new))
    with opened_desk() as desk:
        answer = desk.ask(asked)
    before, after = (
        called(one, answer[side]["path"], answer[side]["version"])
        for side, one in (("old", asked.old), ("new", asked.new))
    )
    put(answer, as_json=json, people=lambda: _sheet(before, after, answer))


def _sheet(old: str, new: str, answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    if answer["equal"]:
        yield f"No difference: {old} and {new} say the same."
        return
    statuses = answer["statuses"]
    rows = [
        *(("path", *row) for row in _keys(answer["path"])),
        *_rows(statuses, lambda one: f"status {one['status']}"),
        *([("statuses", "order", "-", "changed")] if statuses["reordered"] else []),
        *_folded(_rows(answer["transitions"], lambda one: f"{one['from']} > {one['to']}")),
        *_rows(answer["fields"], lambda one: f"detail {one['field']}"),
    ]
    yield table(f"{old} > {new}", "part", "what", "before", "after", rows=rows)


def _rows(
    found: Mapping[str, Sequence[Mapping[str, Any]]], named: "Callable[[Mapping[str, Any]], str]"
) -> Iterator[Row]:
    yield from ((named(one), "", "-", "added") for one in found["added"])
    yield from ((named(one), "", "there", "removed") for one in found["removed"])
    for one in found["changed"]:
        yield from ((named(one), *row) for row in _keys(one["keys"]))


def _keys(keys: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    return ((key, words(one["old"]), words(one["new"])) for key, one in keys.items())


def _folded(rows: Iterator[Row]) -> Iterator[Row]:
    """Make one row of the moves to one status that have come, gone or changed alike."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for part, *change in rows:
        source, target = part.split(" > ")
        alike[target, *change].append(source)
    for (target, what, before, after), sources in alike.items():
        yield f"move {', '.join(sources)} > {target}", what, before, after
