"""Small parts of an order's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from domain.orders.events import OrderPlaced
from domain.orders.timeline import TimelineKey


@dataclass(frozen=True, slots=True)
class Placement:
    """A fact that the order was placed. It counts where no decision and no earlier one does."""

    version: int  # of the event in the order's stream
    key: TimelineKey
    event: OrderPlaced


def without_placement(
    placements: tuple[Placement, ...], placed_by: tuple[bool, TimelineKey] | None, version: int
) -> dict[str, Any]:
    """Give what of an order's state is another one if a placement had never been told."""
    left = tuple(one for one in placements if one.version != version)
    if placed_by is None or not placed_by[0]:  # By a decision, which counts first.
        return {"placements": left}
    first = min(left, key=attrgetter("key"), default=None)
    changes: dict[str, Any] = {
        "placements": left,
        "placed": first and first.event,
        "placed_by": first and (True, first.key),
    }
    if first is None and placements:
        (gone,) = placements
        changes["lost_guest"] = gone.key if gone.event.whose is None else None
    return changes


MAX_HELD: Final = 100  # earlier holders that an order remembers


@dataclass(frozen=True, slots=True)
class Held:
    """Who was responsible for the order, both None: nobody."""

    user: str | None
    group: str | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody agreed to one move of the order as it is at one version."""

    to_status: str
    approved_by: str
    on_behalf_of: str | None
    version: int  # in force while it is the order's: see domain.orders.agreements


@dataclass(frozen=True, slots=True)
class Kept:
    """Pieces of an item that the stock keeps for the order, and those that have left."""

    sku: str
    parts: Mapping[str, int]  # location -> pieces, none of them 0
    committed: int = 0  # away, lost, broken, or written off by the path while still in hand
    missing: int = 0  # of those that were asked for last

    @property
    def quantity(self) -> int:
        """Pieces that are kept."""
        return sum(self.parts.values())
