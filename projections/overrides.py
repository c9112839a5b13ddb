"""Read model `overrides`: every move against the usual way. Why it was made is a person's own
words: they stay in the log, sealed, and are read there when a report shows them.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders.events import OverrideUsed
from projections.interface import Tx, write


class Overrides:
    """One row per override."""

    name: Final = "overrides"
    version: Final = 1
    tables: Final = ("overrides",)
    ddl: Final[LiteralString] = """
        create table overrides (
            order_id     uuid not null,
            used_at      timestamptz not null,
            from_status  text not null,
            to_status    text not null,
            actor_kind   text not null,
            actor_id     text not null,
            on_behalf_of text,
            source       text not null,
            command_id   uuid not null,
            version      integer not null,
            position     bigint not null,
            recorded_at  timestamptz not null,
            primary key (order_id, version)
        );
        create index overrides_used_at on overrides (used_at);
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the overrides."""
        rows = [_row(one, one.event) for one in batch if isinstance(one.event, OverrideUsed)]
        write(tx, _INSERT, rows)


def _row(recorded: Recorded, event: OverrideUsed) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "used_at": recorded.occurred_at,
        "from_status": event.from_status,
        "to_status": event.to_status,
        "actor_kind": recorded.actor_kind,
        "actor_id": recorded.actor_id,
        "on_behalf_of": recorded.on_behalf_of,
        "source": recorded.source,
        "command_id": recorded.command_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


_INSERT: Final = """
    insert into overrides (
        order_id, used_at, from_status, to_status, actor_kind, actor_id, on_behalf_of, source,
        command_id, version, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, used_at timestamptz, from_status text, to_status text, actor_kind text,
        actor_id text, on_behalf_of text, source text, command_id uuid, version integer,
        position bigint, recorded_at timestamptz)
"""
