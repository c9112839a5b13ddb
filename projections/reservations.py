"""Read model `reservations`: which pieces are kept for which item of which order, and what became
of them. The pieces that are kept now are folded by the domain, as the aggregate folds them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from domain.messages import Recorded
from domain.stock import events as e
from domain.stock.stock import Reservation, kept
from projections.interface import Tx, write


class Key(NamedTuple):
    """An item of an order, and what is reserved for it where."""

    order_id: UUID
    item_id: str
    sku: str
    location: str


Row = dict[str, Any]


class Reservations:
    """One row per item of an order, article and location; it stays when nothing is kept."""

    name: Final = "reservations"
    version: Final = 2
    tables: Final = ("reservations",)
    ddl: Final[LiteralString] = """
        create table reservations (
            order_id    uuid not null,
            item_id     text not null,
            sku         text not null,
            location    text not null,
            quantity    integer not null, -- pieces that are kept now
            reserved_at timestamptz not null, -- of the first of them, or of the last there were
            expires_at  timestamptz,
            committed   bigint not null, -- pieces that left, ever
            released    bigint not null, -- pieces that were given back, ever
            why         text, -- of the latest release
            primary key (order_id, item_id, sku, location)
        );
        create index reservations_kept_until on reservations (expires_at) where quantity > 0;
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load the touched reservations, book what happened, store them."""
        rows = _load({_key(r, r.event) for r in batch if isinstance(r.event, e.ReservedPieces)}, tx)
        for recorded in batch:
            if isinstance(recorded.event, e.ReservedPieces):
                key = _key(recorded, recorded.event)
                rows[key] = _booked(rows.get(key) or _new(key), recorded.event, recorded)
        write(tx, _UPSERT, rows.values())


def _key(recorded: Recorded, event: e.ReservedPieces) -> Key:
    location, sku = e.place_of(recorded.stream_id)
    return Key(event.order_id, event.item_id, sku, location)


def _load(keys: Iterable[Key], tx: Tx) -> dict[Key, Row]:
    if not keys:
        return {}
    columns = [list(column) for column in zip(*keys, strict=True)]
    cursor = tx.execute(_SELECT, columns)
    names = [column.name for column in cursor.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    return {Key(*(row[name] for name in Key._fields)): row for row in rows}


def _new(key: Key) -> Row:
    nothing = {"quantity": 0, "committed": 0, "released": 0, "why": None}
    return key._asdict() | nothing | {"reserved_at": None, "expires_at": None}


def _booked(row: Row, event: e.ReservedPieces, recorded: Recorded) -> Row:
    """Give the row after one more event. What was kept last is still told when nothing is."""
    held = Reservation(row["quantity"], row["reserved_at"], row["expires_at"])
    after = kept(held if held.quantity else None, event, recorded.occurred_at)
    booked = row | {"quantity": after.quantity if after else 0}
    if after is not None:
        booked |= {"reserved_at": after.reserved_at, "expires_at": after.expires_at}
    if isinstance(event, e.StockCommitted):
        booked["committed"] += event.quantity
    if isinstance(event, e.StockReleased):
        booked |= {"released": row["released"] + event.quantity, "why": event.why}
    return booked


_SELECT: Final = """
    select r.* from reservations r
    join unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
        as touched(order_id, item_id, sku, location)
    using (order_id, item_id, sku, location)
"""

_UPSERT: Final = """
    insert into reservations
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, item_id text, sku text, location text, quantity integer,
        reserved_at timestamptz, expires_at timestamptz, committed bigint, released bigint,
        why text)
    on conflict (order_id, item_id, sku, location) do update set
        quantity = excluded.quantity, reserved_at = excluded.reserved_at,
        expires_at = excluded.expires_at, committed = excluded.committed,
        released = excluded.released, why = excluded.why
"""
