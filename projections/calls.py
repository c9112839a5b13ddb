"""Read model `calls`: who called about which order, and who added what the customer had not asked
for. The figures of a call centre are made of both: view operator_figures.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.money import Line
from projections.interface import Tx, write


class Calls:
    """One row per call, and one per telling of an upsold position."""

    name: Final = "calls"
    version: Final = 1
    tables: Final = ("calls", "upsells")
    ddl: Final[LiteralString] = """
        create table calls (
            order_id     uuid not null,
            started_at   timestamptz not null,
            direction    text not null, -- outgoing, incoming
            result       text not null,
            talk_seconds integer not null,
            operator     text, -- null: nobody answered
            fact_id      uuid, -- null: logged by whoever called
            version      integer not null,
            position     bigint not null,
            recorded_at  timestamptz not null,
            primary key (order_id, version)
        );
        -- What it costs now, and whether it is there at all, table items knows.
        create table upsells (
            order_id     uuid not null,
            item_id      text not null,
            added_at     timestamptz not null,
            operator     text, -- null: the source does not say, or no person did
            fact_id      uuid,
            version      integer not null,
            primary key (order_id, item_id, version)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the calls, and beside them the upsells."""
        calls = [
            _call(recorded, recorded.event)
            for recorded in batch
            if isinstance(recorded.event, e.CallLogged)
        ]
        upsells = [row for recorded in batch for row in _upsells(recorded)]
        write(tx, _INSERT_CALLS, calls)
        write(tx, _INSERT_UPSELLS, upsells)


def _call(recorded: Recorded, event: e.CallLogged) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "started_at": event.started_at,
        "direction": event.direction,
        "result": event.result,
        "talk_seconds": event.talk_seconds,
        "operator": event.operator,
        "fact_id": recorded.fact_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _upsells(recorded: Recorded) -> Iterator[dict[str, Any]]:
    for line in _lines(recorded):
        if line.upsell:
            yield {
                "order_id": recorded.entity_id,
                "item_id": line.item_id,
                "added_at": recorded.occurred_at,
                "operator": _who(recorded),
                "fact_id": recorded.fact_id,
                "version": recorded.version,
            }


def _lines(recorded: Recorded) -> Sequence[Line]:
    match recorded.event:
        case e.OrderPlaced(lines=lines):
            return lines
        case e.ItemAdded(line=line):
            return (line,)
        case _:
            return ()


def _who(recorded: Recorded) -> str | None:
    """Name the person: whom the source names, or the user who acted."""
    at_source: str | None = getattr(recorded.event, "actor", None)
    return at_source or (recorded.actor_id if recorded.actor_kind == "user" else None)


_INSERT_CALLS: Final = """
    insert into calls
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, started_at timestamptz, direction text, result text, talk_seconds integer,
        operator text, fact_id uuid, version integer, position bigint, recorded_at timestamptz)
"""

_INSERT_UPSELLS: Final = """
    insert into upsells
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, item_id text, added_at timestamptz, operator text, fact_id uuid,
        version integer)
"""
