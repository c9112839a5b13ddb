"""Read model `stock_levels`: how many pieces of each article lie where, how many are reserved.

Folded by the domain's own evolve, so that the level is what the aggregate says.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.stock.events import StockEvent, place_of, stream_of
from domain.stock.stock import Level
from projections.interface import Tx, write


class StockLevels:
    """One row per article and location."""

    name: Final = "stock_levels"
    version: Final = 1
    tables: Final = ("stock_levels",)
    ddl: Final[LiteralString] = """
        create table stock_levels (
            sku         text not null,
            location    text not null,
            on_hand     integer not null,
            reserved    integer not null,
            threshold   integer,
            below_since timestamptz,
            primary key (sku, location)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load the touched levels, evolve them, store them."""
        levels = _load({r.stream_id for r in batch if isinstance(r.event, StockEvent)}, tx)
        for recorded in batch:
            if isinstance(recorded.event, StockEvent):
                level = levels.get(recorded.stream_id, Level())
                levels[recorded.stream_id] = level.evolve(recorded.event, recorded.occurred_at)
        write(tx, _UPSERT, [_row(stream_id, level) for stream_id, level in levels.items()])


def _load(streams: Iterable[str], tx: Tx) -> dict[str, Level]:
    places = [place_of(stream_id) for stream_id in streams]
    if not places:
        return {}
    locations, skus = zip(*places, strict=True)
    rows = tx.execute(_SELECT, [list(skus), list(locations)])
    return {stream_of(sku, location=location): Level(*level) for sku, location, *level in rows}


def _row(stream_id: str, level: Level) -> dict[str, Any]:
    location, sku = place_of(stream_id)
    return {
        "sku": sku,
        "location": location,
        "on_hand": level.on_hand,
        "reserved": level.reserved,
        "threshold": level.threshold,
        "below_since": level.below_since,
    }


_SELECT: Final = """
    select sku, location, on_hand, reserved, threshold, below_since
    from stock_levels join unnest(%s::text[], %s::text[]) as touched(sku, location)
    using (sku, location)
"""

_UPSERT: Final = """
    insert into stock_levels
    select * from json_to_recordset(%s::json) as x(
        sku text, location text, on_hand integer, reserved integer, threshold integer,
        below_since timestamptz)
    on conflict (sku, location) do update set
        on_hand = excluded.on_hand, reserved = excluded.reserved,
        threshold = excluded.threshold, below_since = excluded.below_since
"""
