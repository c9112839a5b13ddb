"""Read model `customers`: who is known to the shop, by which tags and marks. Names and contacts are
not in it: they stay sealed in the log.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

from domain.customers import events as e
from domain.messages import Recorded
from projections.interface import Tx, write

Row = dict[str, Any]


class Customers:
    """One row per customer."""

    name: Final = "customers"
    version: Final = 1
    tables: Final = ("customers",)
    ddl: Final[LiteralString] = """
        create table customers (
            customer_id text primary key,
            created_at  timestamptz not null,
            tags        text[] not null,
            marks       jsonb not null, -- mark -> reason code
            position    bigint not null, -- of the customer's first event
            recorded_at timestamptz not null
        );
        create index customers_tags on customers using gin (tags);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Load the touched customers, change them, store them."""
        touched = [one for one in batch if isinstance(one.event, e.CustomerEvent)]
        rows = _load({one.entity_id for one in touched}, tx)
        for recorded in touched:
            row = rows.setdefault(recorded.entity_id, _new(recorded))
            _change(row, recorded.event)
        write(tx, _UPSERT, rows.values())


def _load(ids: Iterable[str], tx: Tx) -> dict[str, Row]:
    if not ids:
        return {}
    found = tx.execute(_SELECT, [list(ids)])
    return {row[0]: dict(zip(_COLUMNS, row, strict=True)) for row in found}


def _new(recorded: Recorded) -> Row:
    place = {"position": recorded.position, "recorded_at": recorded.recorded_at}
    whose = {"customer_id": recorded.entity_id, "created_at": recorded.occurred_at}
    return whose | {"tags": [], "marks": {}} | place


def _change(row: Row, event: Any) -> None:
    match event:
        case e.TagAdded(tag=tag):
            row["tags"] = sorted({*row["tags"], tag})
        case e.TagRemoved(tag=tag):
            row["tags"] = [one for one in row["tags"] if one != tag]
        case e.MarkSet(mark=mark, reason_code=why):
            row["marks"] = {**row["marks"], mark: why}
        case e.MarkRemoved(mark=mark):
            row["marks"] = {one: why for one, why in row["marks"].items() if one != mark}
        case _:
            pass


_COLUMNS: Final = ("customer_id", "created_at", "tags", "marks", "position", "recorded_at")

_SELECT: Final = """
    select customer_id, created_at, tags, marks, position, recorded_at
    from customers where customer_id = any(%s)
"""

_UPSERT: Final = """
    insert into customers (customer_id, created_at, tags, marks, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        customer_id text, created_at timestamptz, tags text[], marks jsonb, position bigint,
        recorded_at timestamptz)
    on conflict (customer_id) do update set tags = excluded.tags, marks = excluded.marks
"""
