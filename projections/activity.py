"""Read model `activity`: who did what to which order, and when. One row per event of an order;
of notes and personal fields only that they were written, never what.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from projections.interface import Tx, write


class Activity:
    """The log of orders in the words of people."""

    name: Final = "activity"
    version: Final = 1
    tables: Final = ("activity", "annulments")
    ddl: Final[LiteralString] = """
        create table activity (
            order_id             uuid not null,
            occurred_at          timestamptz not null,
            event                text not null,
            subject              text, -- status, item, payment, owner, … that it is about
            actor_kind           text not null,
            actor_id             text not null,
            on_behalf_of         text,
            source               text not null,
            fact_id              uuid,
            command_id           uuid not null,
            version              integer not null,
            position             bigint primary key, -- rows only ever come at the end
            recorded_at          timestamptz not null
        );
        -- Facts that were wrong and do not count.
        create table annulments (
            order_id             uuid not null,
            version              integer not null,
            annulled_recorded_at timestamptz not null,
            primary key (order_id, version)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the events, and beside them which are annulled."""
        rows = [_row(recorded) for recorded in batch if recorded.stream_id.startswith("order-")]
        annulled = [
            {
                "order_id": recorded.entity_id,
                "version": recorded.event.annulled_version,
                "annulled_recorded_at": recorded.recorded_at,
            }
            for recorded in batch
            if isinstance(recorded.event, e.FactAnnulled)
        ]
        write(tx, _INSERT, rows)
        write(tx, _ANNUL, annulled)


def _row(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    actor_id = event.actor if isinstance(event, e.OrderPlaced | e.StatusRecorded) else None
    return {
        "order_id": recorded.entity_id,
        "occurred_at": recorded.occurred_at,
        "event": event.NAME,
        "subject": subject_of(event),
        "actor_kind": recorded.actor_kind,
        "actor_id": actor_id or recorded.actor_id,
        "on_behalf_of": recorded.on_behalf_of,
        "source": recorded.source,
        "fact_id": recorded.fact_id,
        "command_id": recorded.command_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def subject_of(event: Any) -> str | None:
    """Name what of an order an event is about, if it is one: a status, an item, a payment."""
    match event:
        case e.OrderPlaced(status=status):
            return status
        case e.StatusChanged(to_status=status) | e.StatusRecorded(to_status=status):
            return status
        case e.PathMigrated(to_status=status):
            return status
        case e.SourceStatusNoted(source_status=status):
            return status
        case e.ItemAdded(line=line) | e.ItemChanged(line=line):
            return line.item_id
        case e.ItemStatusChanged(item_id=item_id):
            return item_id
        case e.PaymentSubmitted(payment_id=payment_id) | e.PaymentEvent(payment_id=payment_id):
            return payment_id
        case e.ShipmentEvent(shipment_id=shipment_id):
            return shipment_id
        case e.DocumentEvent(document_id=document_id):
            return document_id
        case e.OwnerAssigned(user=user, group=group):
            return user or group
        case e.FactAnnulled(annulled_type=annulled_type):
            return annulled_type
        case e.FieldsChanged(changed=changed):
            return ", ".join(changed)
        case _:
            return None


_INSERT: Final = """
    insert into activity (
        order_id, occurred_at, event, subject, actor_kind, actor_id, on_behalf_of, source,
        fact_id, command_id, version, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, occurred_at timestamptz, event text, subject text, actor_kind text,
        actor_id text, on_behalf_of text, source text, fact_id uuid, command_id uuid,
        version integer, position bigint, recorded_at timestamptz)
"""

_ANNUL: Final = """
    insert into annulments (order_id, version, annulled_recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, version integer, annulled_recorded_at timestamptz)
"""
