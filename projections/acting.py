"""What rules send and has not been sent: taken from the live read model, shard by shard.

Whoever acts holds the row of a shard in ops.acting meanwhile; others take other shards. A stream
that is parked in the read model is passed, and noted in ops.acting_passed in the same statement:
what it gives once it is let through, by `retry` or a rebuild, is sent from there.
"""

from collections.abc import Iterable
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
    passed: str | None = None  # stream that was parked when the others of its shard were sent


def take_acts(tx: Tx, limit: int) -> list[Act]:
    """Give what comes next in shards that nobody else acts on, and hold these until the end of the
    transaction. In the order of the log; some more than the limit where one event led to many.

    limit: of each shard, as what waits in one may hold up no other
    """
    if not (held := [shard for (shard,) in tx.execute(_HOLD)]):
        return []
    rows = tx.execute(_TAKE, {"held": held, "limit": limit}).fetchall()
    return [
        Act(
            command_id,
            shard,
            position,
            rule,
            version,
            ceiling or Limits().per_minute,
            told.encode(),
            passed,
        )
        for command_id, shard, position, rule, version, ceiling, told, passed in rows
    ]


def move_on(tx: Tx, acts: Iterable[Act]) -> None:
    """Note that these were answered, and all before them in their shards or passed streams."""
    shards: dict[int, int] = {}
    passed: dict[str, int] = {}
    for act in acts:
        if act.passed is None:
            shards[act.shard] = act.position
        else:
            passed[act.passed] = act.position
    for statement, reached in ((_MOVE, shards), (_MOVE_PASSED, passed)):
        if reached:
            rows = [{"key": key, "position": position} for key, position in reached.items()]
            tx.execute(statement, [as_json(rows)])


# Passed streams of which more may be in the tables by now. That look is cheap: a stream that nobody
# has retried is left out by where it is parked.
_LET_THROUGH: Final = """
    parked as materialized (
        select p.stream_id, p.shard, p.position
        from projection.parked p join projection.builds b using (build)
        where p.projection = 'trigger_runs' and b.state = 'live'
    ), let_through as materialized (
        select w.stream_id, w.shard, w.position from ops.acting_passed w
        where not exists (
            select from parked p
            where p.stream_id = w.stream_id and p.position <= w.position + 1)
    )
"""

_HOLD: Final = f"""
    with {_LET_THROUGH}
    select shard from ops.acting
    where exists (
        select from live.rule_acts a
        where a.sent and a.shard = acting.shard and a.position > acting.position)
       or shard in (select shard from let_through)
    order by shard
    for update skip locked
"""  # noqa: S608 - a constant

# One statement, behind the locks: it sees acts, and the streams that were parked before them, as
# they were at one moment. So nobody passes a stream without its being noted.
_TAKE: Final = f"""
    with {_LET_THROUGH}, held as materialized (
        select shard, position from ops.acting where shard = any(%(held)s)
    ), late as materialized (
        select a.*, w.stream_id as passed
        from let_through w join held using (shard)
        join log.events e
          on e.stream_id = w.stream_id and e.position > w.position and e.position <= held.position
        join live.rule_acts a on a.sent and a.shard = e.shard and a.position = e.position
    ), noted as (
        insert into ops.acting_passed (stream_id, shard, position)
        select p.stream_id, p.shard, greatest(p.position - 1, held.position)
        from parked p join held using (shard)
        on conflict (stream_id) do nothing
    ), done as (
        delete from ops.acting_passed w using held
        where w.shard = held.shard
          and not exists (select from parked p where p.stream_id = w.stream_id)
          and not exists (select from late where late.passed = w.stream_id)
    ), taken as (
        (select * from late order by position fetch first %(limit)s rows with ties)
        union all
        select a.*, null
        from held cross join lateral (
            select * from live.rule_acts a
            where a.sent and a.shard = held.shard and a.position > held.position
            order by a.position
            fetch first %(limit)s rows with ties
        ) a
    )
    select a.command_id, a.shard, a.position, a.rule, a.rule_version,
           (d.body #>> '{{definition,limits,per_minute}}')::integer, a.body::text, a.passed
    from taken a
    join log.definitions d on d.kind = 'rule' and d.name = a.rule and d.version = a.rule_version
    order by a.position, a.act_no
"""  # noqa: S608 - a constant

_MOVE: Final = """
    update ops.acting set position = x.position, moved_at = clock_timestamp()
    from json_to_recordset(%s::json) as x(key smallint, position bigint)
    where acting.shard = x.key
"""

_MOVE_PASSED: Final = """
    update ops.acting_passed w set position = x.position
    from json_to_recordset(%s::json) as x(key text, position bigint)
    where w.stream_id = x.key
"""
