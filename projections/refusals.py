"""Read model `refusals`: who tried what on which order, when, and all that stood against it."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.attempts import AttemptRefused
from domain.callers import AttemptsFlooded
from domain.messages import Recorded
from projections.interface import Tx, write


class Refusals:
    """One row per refused attempt, and one per minute of a caller who was turned away."""

    name: Final = "refusals"
    version: Final = 2
    tables: Final = ("refusals", "floods")
    ddl: Final[LiteralString] = """
        create table refusals (
            order_id      uuid not null,
            attempt       integer not null, -- the order's attempts, counted from 1
            tried_at      timestamptz not null,
            command       text not null,
            asked         jsonb not null,
            codes         text[] not null,
            unmet         jsonb not null,
            order_version integer not null,
            actor_kind    text not null,
            actor_id      text not null,
            on_behalf_of  text,
            source        text not null,
            command_id    uuid not null,
            position      bigint not null,
            recorded_at   timestamptz not null,
            primary key (order_id, attempt)
        );
        create index refusals_tried_at on refusals (tried_at);
        create table floods (
            caller_kind   text not null,
            caller_id     text not null,
            flood         integer not null, -- the caller's floods, counted from 1
            minute        timestamptz not null,
            refused       bigint not null,
            turned_away   bigint not null,
            command_id    uuid not null,
            position      bigint not null,
            recorded_at   timestamptz not null,
            primary key (caller_kind, caller_id, flood)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the attempts."""
        rows = [_row(one, one.event) for one in batch if isinstance(one.event, AttemptRefused)]
        write(tx, _INSERT, rows)
        floods = [_flood(one, one.event) for one in batch if isinstance(one.event, AttemptsFlooded)]
        write(tx, _INSERT_FLOODS, floods)


def _row(recorded: Recorded, event: AttemptRefused) -> dict[str, Any]:
    return {
        "order_id": recorded.entity_id,
        "attempt": recorded.version,
        "tried_at": recorded.occurred_at,
        "command": event.command,
        "asked": event.asked,
        "codes": [unmet.code for unmet in event.unmet],
        "unmet": [unmet.model_dump(exclude_none=True) for unmet in event.unmet],
        "order_version": event.order_version,
        "actor_kind": recorded.actor_kind,
        "actor_id": recorded.actor_id,
        "on_behalf_of": recorded.on_behalf_of,
        "source": recorded.source,
        "command_id": recorded.command_id,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _flood(recorded: Recorded, event: AttemptsFlooded) -> dict[str, Any]:
    return {
        **event.model_dump(),
        "flood": recorded.version,
        "command_id": recorded.command_id,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


_INSERT: Final = """
    insert into refusals (
        order_id, attempt, tried_at, command, asked, codes, unmet, order_version, actor_kind,
        actor_id, on_behalf_of, source, command_id, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, attempt integer, tried_at timestamptz, command text, asked jsonb,
        codes text[], unmet jsonb, order_version integer, actor_kind text, actor_id text,
        on_behalf_of text, source text, command_id uuid, position bigint, recorded_at timestamptz)
"""

_INSERT_FLOODS: Final = """
    insert into floods (
        caller_kind, caller_id, flood, minute, refused, turned_away, command_id, position,
        recorded_at)
    select * from json_to_recordset(%s::json) as x(
        caller_kind text, caller_id text, flood integer, minute timestamptz, refused bigint,
        turned_away bigint, command_id uuid, position bigint, recorded_at timestamptz)
"""
