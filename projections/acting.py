"""What rules send and has not been sent: taken from the live read model, shard by shard.

Whoever acts holds the row of a shard in ops.acting meanwhile; others take other shards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.rules.rule import Limits
from projections.interface import Tx, as_json


@dataclass(frozen=True, slots=True)
class Act:
    """A command that a rule gave, as it stands in rule_acts."""

    command_id: UUID
    shard: int
    position: int  # of the event that led to it
    rule: str
    rule_version: int
    per_minute: int  # commands that the rule may send
    body: bytes  # the command, as domain.wire writes it


def take_acts(tx: Tx, limit: int) -> list[Act]:
    """Give what comes next in shards that nobody else acts on, and hold these until the end of the
    transaction. In the order of the log; some more than the limit where one event led to many.
    """
    rows = tx.execute(_TAKE, [limit]).fetchall()
    return [
        Act(
            command_id,
            shard,
            position,
            rule,
            version,
            ceiling or Limits().per_minute,
            told.encode(),
        )
        for command_id, shard, position, rule, version, ceiling, told in rows
    ]


def move_on(tx: Tx, acts: Iterable[Act]) -> None:
    """Note that these were answered, and all before them in their shards."""
    reached: dict[int, int] = {}
    for act in acts:
        reached[act.shard] = act.position
    rows: Sequence[Mapping[str, int]] = [
        {"shard": shard, "position": position} for shard, position in reached.items()
    ]
    tx.execute(_MOVE, [as_json(rows)])


_TAKE: Final = """
    with held as materialized (
        select shard, position from ops.acting
        where exists (
            select from live.rule_acts a
            where a.sent and a.shard = acting.shard and a.position > acting.position)
        order by shard
        for update skip locked
    ), taken as (
        select a.*
        from held join live.rule_acts a
          on a.sent and a.shard = held.shard and a.position > held.position
        order by a.position
        fetch first %s rows with ties
    )
    select a.command_id, a.shard, a.position, a.rule, a.rule_version,
           (d.body #>> '{definition,limits,per_minute}')::integer, a.body::text
    from taken a
    join log.definitions d on d.kind = 'rule' and d.name = a.rule and d.version = a.rule_version
    order by a.position, a.act_no
"""

_MOVE: Final = """
    update ops.acting set position = x.position, moved_at = clock_timestamp()
    from json_to_recordset(%s::json) as x(shard smallint, position bigint)
    where acting.shard = x.shard
"""
