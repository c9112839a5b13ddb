"""Names that a path uses and that nobody defines, with the place of each."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from domain.orders.fields import RIGHTS
from domain.orders.items import PIECE_STATUSES
from domain.paths.transitions import ANY

if TYPE_CHECKING:
    from domain.paths.path import OrderPath
    from domain.paths.rights import ItemRules
    from domain.paths.statuses import Status

Place = tuple[str | int, ...]  # keys and indexes from the top of the path down
NameKind = Literal["stage", "status", "field", "item status"]
Undefined = tuple[Place, NameKind, str]


def undefined_names(path: "OrderPath") -> Iterator[Undefined]:
    """Give every name that is used and not defined, with its place and what it should be."""
    for code, status in path.statuses.items():
        yield from _in_status(("statuses", code), status, path.stages)
    for number, start in enumerate(path.initial):
        yield from _one(("initial", number, "status"), "status", start.status, path.statuses)
    for number, move in enumerate(path.transitions):
        place: Place = ("transitions", number)
        yield from _each((*place, "from"), "status", move.from_, (*path.statuses, ANY))
        yield from _each((*place, "to"), "status", move.to, path.statuses)
    for number, follow in enumerate(path.follow):
        place = ("follow", number)
        yield from _one((*place, "items"), "item status", follow.items, PIECE_STATUSES)
        yield from _each((*place, "from"), "status", follow.from_, path.statuses)
        yield from _one((*place, "to"), "status", follow.to, path.statuses)
    for name, right in path.fields.items():
        yield from _one(("fields", name, "[key]"), "field", name, RIGHTS)
        yield from _each(("fields", name, "closed_in"), "status", right.closed_in, path.statuses)
    if path.items is not None:
        yield from _in_items(path.items)


def _in_status(place: Place, status: "Status", stages: Iterable[str]) -> Iterator[Undefined]:
    yield from _one((*place, "stage"), "stage", status.stage, stages)
    if status.on_enter is not None and status.on_enter.items is not None:
        effect, place = status.on_enter.items, (*place, "on_enter", "items")
        yield from _one((*place, "to"), "item status", effect.to, PIECE_STATUSES)
        yield from _each((*place, "from"), "item status", effect.from_, PIECE_STATUSES)


def _in_items(rules: "ItemRules") -> Iterator[Undefined]:
    for code in rules.statuses:
        yield from _one(("items", "statuses", code, "[key]"), "item status", code, PIECE_STATUSES)
    for number, move in enumerate(rules.transitions):
        place: Place = ("items", "transitions", number)
        yield from _each((*place, "from"), "item status", move.from_, PIECE_STATUSES)
        yield from _each((*place, "to"), "item status", move.to, PIECE_STATUSES)


def _one(place: Place, kind: NameKind, name: str, defined: Iterable[str]) -> Iterator[Undefined]:
    if name not in defined:
        yield place, kind, name


def _each(
    place: Place, kind: NameKind, names: Iterable[str], defined: Iterable[str]
) -> Iterator[Undefined]:
    for index, name in enumerate(names):
        yield from _one((*place, index), kind, name, defined)
