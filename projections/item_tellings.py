"""A part of read model `items`: what facts tell of an order's items and of its money, and what was
decided of such items since. With one of the facts annulled, the rest is folded again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, LiteralString

from pydantic import TypeAdapter

from domain.orders import events as e
from domain.orders.item_history import ItemEvent, ItemHistory, ItemTelling
from domain.orders.items import Item
from domain.orders.money import Totals
from domain.orders.order import Order
from domain.orders.parts import Placement
from projections.interface import Tx, write

TELLINGS_TABLE: Final[LiteralString] = """
    create table tellings (
        order_id    uuid not null,
        item_id     text, -- null: the order was placed
        occurred_at timestamptz not null,
        is_decision boolean not null,
        timeline_no integer not null,
        fact_id     uuid not null,
        event       text not null, -- its stored name
        said        jsonb not null, -- what the money and the pieces depend on
        version     integer not null,
        primary key (order_id, version)
    );
"""
_ITEM_EVENTS: Final[Mapping[str, type[ItemEvent]]] = {
    event.NAME: event for event in (e.ItemAdded, e.ItemChanged, e.ItemStatusChanged)
}
_ITEM: Final = TypeAdapter(Item)
_OF_A_PLACEMENT: Final = {"currency", "vat_included", "totals"}


def with_tellings(
    orders: Mapping[str, Order], before: Mapping[tuple[str, str], Any], tx: Tx
) -> dict[str, Order]:
    """Give the orders with what is kept of them; most have nothing.

    before: by order and item, as the table items has it
    """
    found = dict(orders)
    for order_id, item_id, *at, name, said, version in tx.execute(_SELECT, [list(orders)]):
        order, key = found[order_id], (at[0], int(at[1]), at[2], at[3])
        if item_id is None:
            placement = Placement(version, key, _placed(said))
            found[order_id] = replace(order, placements=(*order.placements, placement))
            continue
        first = before[order_id, item_id]
        history = order.item_histories.get(item_id) or ItemHistory(
            None if first is None else _ITEM.validate_python(first)
        )
        event = _ITEM_EVENTS[name].model_validate(said)
        history = history.and_then(ItemTelling(version, key, event))
        histories = {**order.item_histories, item_id: history}
        found[order_id] = replace(order, item_histories=histories)
    return found


def _placed(said: dict[str, Any]) -> e.OrderPlaced:
    totals = said.pop("totals")
    return e.OrderPlaced.model_construct(
        customer=None, totals=None if totals is None else Totals(**totals), **said
    )


def store_tellings(before: Mapping[str, Order], after: Mapping[str, Order], tx: Tx) -> None:
    """Bring the table from one state of the orders to another."""
    known = {key for order_id, order in before.items() for key, _ in _rows(order_id, order)}
    rows = {key: row for order_id, order in after.items() for key, row in _rows(order_id, order)}
    gone = [{"order_id": order_id, "version": version} for order_id, version in known - rows.keys()]
    new = [row for key, row in rows.items() if key not in known]
    write(tx, _DELETE, gone)
    write(tx, _INSERT, new)


def _rows(order_id: str, order: Order) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    for one in order.placements:
        said = one.event.model_dump(include=_OF_A_PLACEMENT)
        yield (order_id, one.version), _row(order_id, one) | {"item_id": None, "said": said}
    for item_id, history in order.item_histories.items():
        for telling in history.since:
            row = _row(order_id, telling) | {"item_id": item_id, "said": telling.event}
            yield (order_id, telling.version), row


def _row(order_id: str, telling: Placement | ItemTelling) -> dict[str, Any]:
    occurred_at, is_decision, number, fact_id = telling.key
    return {
        "order_id": order_id,
        "occurred_at": occurred_at,
        "is_decision": bool(is_decision),
        "timeline_no": number,
        "fact_id": fact_id,
        "event": telling.event.NAME,
        "version": telling.version,
    }


_SELECT: Final = """
    select order_id::text, item_id, occurred_at, is_decision, timeline_no, fact_id, event, said,
           version
    from tellings where order_id = any(%s::uuid[]) order by order_id, version
"""

_INSERT: Final = """
    insert into tellings
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, item_id text, occurred_at timestamptz, is_decision boolean,
        timeline_no integer, fact_id uuid, event text, said jsonb, version integer)
"""

_DELETE: Final = """
    delete from tellings t
    using json_to_recordset(%s::json) as x(order_id uuid, version integer)
    where t.order_id = x.order_id and t.version = x.version
"""
