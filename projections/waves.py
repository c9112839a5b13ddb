"""Read model `waves`: when each wave came, and what became of the orders that it was for."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.waves.events import WaveBegun, WaveFinished
from projections.interface import Tx, write


class Waves:
    """One row for each time that a wave was begun. What each order answered stands in the log."""

    name: Final = "waves"
    version: Final = 1
    tables: Final = ("waves",)
    ddl: Final[LiteralString] = """
        create table waves (
            batch_id     uuid primary key,
            wave         text not null,
            wave_version integer not null,
            due_at       timestamptz, -- null: a person began it
            begun_at     timestamptz not null,
            actor_kind   text not null,
            actor_id     text not null,
            finished_at  timestamptz,
            orders       integer,
            accepted     integer,
            refused      integer,
            nothing      integer,
            failed       integer,
            position     bigint not null, -- of the begin
            recorded_at  timestamptz not null
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write what has begun, then what has ended."""
        begun = [_begun(one, one.event) for one in batch if isinstance(one.event, WaveBegun)]
        ended = [_ended(one, one.event) for one in batch if isinstance(one.event, WaveFinished)]
        write(tx, _INSERT, begun)
        write(tx, _UPDATE, ended)


def _begun(recorded: Recorded, event: WaveBegun) -> dict[str, Any]:
    return event.model_dump(exclude={"actor"}) | {
        "begun_at": recorded.occurred_at,
        "actor_kind": event.actor.kind,
        "actor_id": event.actor.id,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _ended(recorded: Recorded, event: WaveFinished) -> dict[str, Any]:
    return event.model_dump(exclude={"wave"}) | {"finished_at": recorded.occurred_at}


_INSERT: Final = """
    insert into waves (batch_id, wave, wave_version, due_at, begun_at, actor_kind, actor_id,
                       position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        batch_id uuid, wave text, wave_version integer, due_at timestamptz, begun_at timestamptz,
        actor_kind text, actor_id text, position bigint, recorded_at timestamptz)
"""

_UPDATE: Final = """
    update waves w set finished_at = x.finished_at, orders = x.orders, accepted = x.accepted,
        refused = x.refused, nothing = x.nothing, failed = x.failed
    from json_to_recordset(%s::json) as x(
        batch_id uuid, finished_at timestamptz, orders integer, accepted integer, refused integer,
        nothing integer, failed integer)
    where w.batch_id = x.batch_id
"""
