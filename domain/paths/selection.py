"""Which path an order takes that names none: by its type, channel and shop.

Every publication is listed in one stream, so that choosing is decided on what an order has read,
like everything else. The closest match wins; how close stands in `Match`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Annotated, ClassVar, Final, Literal, assert_never, cast

from pydantic import Field

from domain.messages import Code, Event, Happened
from domain.paths.transitions import ANY, Names

Dimension = Literal["shop", "channel", "order_type"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("shop", "channel", "order_type")  # weightiest first
AppliesTo = tuple[dict[Dimension, Names], ...]
SELECTION: Final = "selection-paths"  # the stream
MAX_REMEMBERED: Final = 1_000  # kinds of orders


class PathListed(Event):
    """Fact: from now on orders that it applies to follow this version of the path."""

    NAME: ClassVar[str] = "selection.path_listed.v1"

    path: Code
    path_version: Annotated[int, Field(ge=1)]
    applies_to: AppliesTo = ()


SelectionEvent = PathListed  # a union, as soon as there is a second one


@dataclass(frozen=True, slots=True)
class Listed:
    """A path that orders may take."""

    path: str
    path_version: int
    applies_to: AppliesTo
    number: int  # of the event that listed it: the later of two equal matches wins


@dataclass(frozen=True, slots=True)
class Match:
    """How close a path is to an order."""

    listed: Listed
    closeness: tuple[bool, ...]  # for each of DIMENSIONS: named, or only not excluded

    @property
    def named(self) -> tuple[Dimension, ...]:
        """The dimensions in which the path names just such orders."""
        return tuple(one for one, named in zip(DIMENSIONS, self.closeness, strict=True) if named)


@dataclass(frozen=True)
class Selection:
    """Every path with what it applies to. State of the stream."""

    version: int = 0
    last_occurred_at: datetime | None = None
    paths: Mapping[str, Listed] = field(default_factory=dict)
    subject_id: str | None = None  # paths belong to no person

    def evolve(self, happened: Happened) -> "Selection":
        """Give the selection after one more event."""
        event = cast(SelectionEvent, happened.event)
        match event:
            case PathListed():
                listed = Listed(event.path, event.path_version, event.applies_to, happened.version)
                return replace(
                    self,
                    version=happened.version,
                    last_occurred_at=happened.occurred_at,
                    paths={**self.paths, event.path: listed},
                )
            case _:
                assert_never(event)

    def matches(self, order: Mapping[Dimension, str]) -> list[Match]:
        """List the paths that apply to such orders, the one that they take first."""
        found = [
            Match(listed, closeness)
            for listed in self.paths.values()
            if (closeness := _closeness(listed.applies_to, order)) is not None
        ]
        return sorted(found, key=_rank, reverse=True)

    def choose(self, order: Mapping[Dimension, str]) -> Listed | None:
        """Give the path that such orders take, None if none applies to them."""
        kind = tuple([order[one] for one in DIMENSIONS])
        try:
            return self._chosen[kind]
        except KeyError:
            chosen = next(map(attrgetter("listed"), self.matches(order)), None)
        if len(self._chosen) >= MAX_REMEMBERED:
            self._chosen.clear()
        self._chosen[kind] = chosen
        return chosen  # Another thread may have cleared what was remembered.

    @cached_property
    def _chosen(self) -> dict[tuple[str, ...], Listed | None]:
        """What was chosen before, by DIMENSIONS: shops have few kinds of orders."""
        return {}


def _rank(match: Match) -> tuple[tuple[bool, ...], int]:
    return match.closeness, match.listed.number


def _closeness(
    applies_to: Iterable[Mapping[Dimension, Iterable[str]]], order: Mapping[Dimension, str]
) -> tuple[bool, ...] | None:
    """Give how close the closest alternative is, None if none applies."""
    fitting = (
        tuple(order[one] in alternative.get(one, ()) for one in DIMENSIONS)
        for alternative in applies_to
        if all(_fits(alternative.get(one, (ANY,)), order[one]) for one in DIMENSIONS)
    )
    return max(fitting, default=None)


def _fits(names: Iterable[str], name: str) -> bool:
    return ANY in names or name in names
