"""Who gives what: pieces wanted by the items of an order, taken from several locations in turn.

Called by an order's decision before it reserves; the words are those of its refusals and answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.messages import is_article
from domain.refusals import Unmet
from domain.stock.events import stream_of
from domain.stock.guards import item_named
from domain.stock.stock import Stock


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pieces of an article that an item of an order asks for."""

    item_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one item gets, and where from."""

    wanted: Wanted
    parts: Mapping[str, int]  # location -> pieces, in the order in which they were asked; never 0

    @property
    def quantity(self) -> int:
        """Pieces that it gets."""
        return sum(self.parts.values())

    @property
    def missing(self) -> int:
        return self.wanted.quantity - self.quantity

    @property
    def explanation(self) -> str:
        """Say it in one line: `3 of 5: main 2, supplier_a 1, 2 missing`."""
        told = [f"{location} {pieces}" for location, pieces in self.parts.items()]
        told += [f"{self.missing} missing"] if self.missing else []
        return f"{self.quantity} of {self.wanted.quantity}: {', '.join(told)}"


def allocate(
    wanted: Sequence[Wanted],
    locations: Sequence[str],
    stocks: Mapping[str, Stock],
    *,
    partial: bool,
) -> tuple[list[Allocation], list[Unmet]]:
    """Give each item in turn what the locations in turn still have.

    stocks:  by stream id, see stream_of; a missing one is empty.
    partial: False: one unmet condition for each item that does not get all it asks for.
    """
    left: dict[str, int] = {}
    allocations = []
    for one in wanted:
        parts: dict[str, int] = {}
        for location in locations:
            stream = stream_of(one.sku, location=location)
            if stream not in left:
                left[stream] = stocks[stream].level.available if stream in stocks else 0
            taken = min(one.quantity - sum(parts.values()), left[stream])
            if taken:
                parts[location] = taken
                left[stream] -= taken
        allocations.append(Allocation(one, parts))
    if partial:
        return allocations, []
    return allocations, [_missing(one, locations) for one in allocations if one.missing]


def _missing(one: Allocation, locations: Sequence[str]) -> Unmet:
    where = " or ".join(locations) or "a location"
    article = f" ({one.wanted.sku})" if is_article(one.wanted.sku) else ""
    return Unmet(
        code="stock_not_available",
        message=f"{item_named(one.wanted.item_id)}{article}: {one.explanation}",
        needed=f"{one.missing} more in {where}",
    )
