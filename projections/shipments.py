"""Read model `shipments`: what travels with whom, how far it is, and every step on the way.

shipment_moves holds the steps as they came; where a shipment is follows from them in timeline
order, so that it depends on what the carrier told and never on when it arrived.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from domain.orders.shipments import SHIPMENT_STATUSES
from projections.interface import Tx, timeline_columns, write

Key = tuple[str, str]  # order id, shipment id


class Shipments:
    """One row per shipment, and one per step."""

    name: Final = "shipments"
    version: Final = 1
    tables: Final = ("shipments", "shipment_moves")
    ddl: Final[LiteralString] = """
        create table shipments (
            order_id       uuid not null,
            shipment_id    text not null,
            carrier        text, -- null: only its carrier has told of it
            track_number   text,
            pieces         jsonb, -- item id -> pieces, null: nobody packed it
            created_at     timestamptz,
            status         text not null default 'planned',
            status_since   timestamptz, -- null: planned
            handed_over_at timestamptz,
            delivered_at   timestamptz,
            primary key (order_id, shipment_id)
        );
        create table shipment_moves (
            order_id    uuid not null,
            shipment_id text not null,
            status      text not null,
            occurred_at timestamptz not null,
            is_decision boolean not null,
            timeline_no integer not null, -- a decision's version, a fact's rank
            fact_id     uuid not null,    -- zero for decisions
            carrier_ref text,
            reason_code text,
            actor_kind  text not null,
            actor_id    text not null,
            command_id  uuid not null,
            version     integer not null,
            position    bigint not null,
            recorded_at timestamptz not null,
            primary key (order_id, version)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store what is known of each shipment and its steps, then say where it is."""
        known: dict[Key, dict[str, Any]] = {}
        moves: list[dict[str, Any]] = []
        for recorded in batch:
            event = recorded.event
            if isinstance(event, e.ShipmentEvent):
                row = known.setdefault((recorded.entity_id, event.shipment_id), {})
                row.update(_told(event, recorded))
                if isinstance(event, e.ShipmentMoved):
                    moves.append(_move(event, recorded))
        rows = [{"order_id": o, "shipment_id": s, **row} for (o, s), row in known.items()]
        write(tx, _UPSERT, rows)
        write(tx, _INSERT_MOVES, moves)
        if moves:
            touched = {(move["order_id"], move["shipment_id"]) for move in moves}
            tx.execute(_STAND, [list(column) for column in zip(*touched, strict=True)])


def _told(event: e.ShipmentEvent, recorded: Recorded) -> dict[str, Any]:
    """Give the columns that an event says something of."""
    names = ("carrier", "track_number", "pieces")
    said = {name: value for name in names if (value := getattr(event, name, None)) is not None}
    if isinstance(event, e.ShipmentCreated):
        said["created_at"] = recorded.occurred_at
    return said


def _move(event: e.ShipmentMoved, recorded: Recorded) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "shipment_id": event.shipment_id,
        "status": event.to_status,
        **timeline_columns(recorded, SHIPMENT_STATUSES.index(event.to_status)),
        "carrier_ref": event.carrier_ref,
        "reason_code": event.reason_code,
        "actor_kind": recorded.actor_kind,
        "actor_id": recorded.actor_id,
        "command_id": recorded.command_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


_UPSERT: Final = """
    insert into shipments as s (
        order_id, shipment_id, carrier, track_number, pieces, created_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, shipment_id text, carrier text, track_number text, pieces jsonb,
        created_at timestamptz)
    on conflict (order_id, shipment_id) do update set
        carrier = coalesce(excluded.carrier, s.carrier),
        track_number = coalesce(excluded.track_number, s.track_number),
        pieces = coalesce(excluded.pieces, s.pieces),
        created_at = coalesce(excluded.created_at, s.created_at)
"""

_INSERT_MOVES: Final = """
    insert into shipment_moves
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, shipment_id text, status text, occurred_at timestamptz,
        is_decision boolean, timeline_no integer, fact_id uuid, carrier_ref text,
        reason_code text, actor_kind text, actor_id text, command_id uuid, version integer,
        position bigint, recorded_at timestamptz)
"""

_STAND: Final = """
    update shipments s set
        status = x.statuses[1], status_since = x.times[1],
        handed_over_at = x.handed_over_at, delivered_at = x.delivered_at
    from (
        select m.order_id, m.shipment_id,
               array_agg(m.status order by m.occurred_at desc, m.is_decision desc,
                   m.timeline_no desc, m.fact_id desc) as statuses,
               array_agg(m.occurred_at order by m.occurred_at desc) as times,
               min(m.occurred_at) filter (where m.status = 'handed_over') as handed_over_at,
               min(m.occurred_at) filter (where m.status = 'delivered') as delivered_at
        from shipment_moves m
        join unnest(%s::uuid[], %s::text[]) as touched(order_id, shipment_id)
            using (order_id, shipment_id)
        group by m.order_id, m.shipment_id
    ) x
    where s.order_id = x.order_id and s.shipment_id = x.shipment_id
"""
