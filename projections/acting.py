"""What rules send and has not been sent: taken from the live read model, shard by shard.

Whoever acts holds the row of a shard in ops.acting meanwhile; others take other shards. An order
that has to wait is passed: one of which a stream is parked in the read model, one with an act that
its rule may not send yet, and one with an act that reads what is damaged, which is tried again from
time to time. ops.acting_passed keeps how far it was sent, from there it goes on.
What stops a rule is urgent: it goes before all that is taken, also of its own order.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from domain.rules.rule import Limits
from projections.acts_taken import Act, Given, Taken
from projections.interface import Tx, as_json


def hold_shards(tx: Tx, spent: Sequence[str], aside: Sequence[UUID]) -> Sequence[int]:
    """Hold the shards that nobody else acts on and in which something is to be done, until the end
    of the transaction.

    spent: rules of which nothing may go; orders that are known to wait for them are left out
    aside: commands that stop rules and are not to be tried now
    """
    known = {"spent": [*spent], "aside": [*aside]}
    return [shard for (shard,) in tx.execute(_HOLD, known)]


def take_urgent(tx: Tx, held: Sequence[int], limit: int, aside: Sequence[UUID]) -> Sequence[Given]:
    """Give what stops rules and is not answered, wherever it stands in these shards.

    limit: of all
    aside: as for hold_shards
    """
    wish = {"held": [*held], "limit": limit, "aside": [*aside]}
    return [Given(*one) for one in tx.execute(_TAKE_URGENT, wish).fetchall()]


def take_acts(tx: Tx, held: Sequence[int], limit: int, spent: Sequence[str]) -> Taken:
    """Give what comes next in shards that are held. Some more than the limit where one event led
    to many.

    limit: of each shard, as what waits in one may hold up no other
    spent: as for hold_shards
    """
    known = {"held": [*held], "limit": limit, "spent": [*spent], "usual": Limits().per_minute}
    rows = tx.execute(_TAKE, known).fetchall()
    acts = [Act(*told) for _, _, *told in rows if told[0] is not None]
    return Taken(acts, {shard: reached for shard, reached, *_ in rows})


def move_on(
    tx: Tx, gone: Taken, waiting: Sequence[Act], stuck: Sequence[Act], again_seconds: float
) -> bool:
    """Note that these were answered or left out, and that the orders of those that wait, or are
    stuck, were passed.

    gone:          without what waits or is stuck, or lies behind it in its order
    stuck:         of each such order the act that cannot be decided, as what it reads is damaged
    again_seconds: until these are tried again
    """
    ends = [{"shard": shard, "position": position} for shard, position in gone.reached.items()]
    moved = tx.execute(_MOVE, [as_json(ends)]).rowcount
    last = {act.stream_id: _passed(act, act.act_no, None) for act in gone.acts if act.passed}
    first = {act.stream_id: _passed(act, act.act_no - 1, act.rule) for act in waiting}
    first |= {act.stream_id: _passed(act, act.act_no - 1, None, again_seconds) for act in stuck}
    if left_out := [act.command_id for act in gone.acts if act.left_out]:
        tx.execute(_NOTE_LEFT_OUT, [left_out])
    if rows := [*(last | first).values()]:
        tx.execute(_NOTE_PASSED, [as_json(rows)])
    return bool(moved or rows)


def _passed(
    act: Act, act_no: int, rule: str | None, again_seconds: float | None = None
) -> dict[str, Any]:
    return {
        "stream_id": act.stream_id,
        "shard": act.shard,
        "position": act.position - 1,
        "act_no": act_no,
        "rule": rule,
        "again_seconds": again_seconds,
    }


# Orders that were passed and of which more may be in the tables by now. That look is cheap: one
# that nobody has retried is left out by where it is parked, one that is stuck until it is tried
# again, one that waits by its rule, unless that one sends nothing any more.
_LET_THROUGH: Final = """
    parked as materialized (
        select regexp_replace(p.stream_id, '^timer-', 'order-') as stream_id, p.shard,
               min(p.position) as position
        from projection.parked p join projection.builds b using (build)
        where p.projection = 'trigger_runs' and b.state = 'live'
        group by 1, 2
    ), pausing as materialized (
        select s.rule from unnest(%(spent)s::text[]) s(rule) cross join lateral (
            select n.body #>> '{definition,mode}' as mode from log.definitions n
            where n.kind = 'rule' and n.name = s.rule
            order by n.version desc limit 1
        ) n
        where coalesce(n.mode, 'live') = 'live'
    ), let_through as (
        select w.* from ops.acting_passed w
        where (w.rule is null or w.rule not in (select rule from pausing))
          and (w.again_at is null or w.again_at <= clock_timestamp())
          and not exists (
            select from parked p
            where p.stream_id = w.stream_id and p.position <= w.position + 1)
    )
"""

# Sent ahead, and not again when its turn comes: an answer is kept for ever. What was given by a
# rebuild only lies behind the shard, and is sent as little as any other act.
_ANSWERED: Final = """
    case when a.body #>> '{actor,kind}' <> 'trigger'
        then exists (select from log.commands c where c.command_id = a.command_id)
        else false
    end
"""

_URGENT: Final = """
    urgent as (
        select a.* from ops.acting w join live.rule_acts a using (shard)
        where a.sent and a.body #>> '{actor,kind}' <> 'trigger'
          and a.command_id <> all(%(aside)s::uuid[])
          and (a.position > w.position or exists (
            select from ops.acting_passed p
            where p.position < a.position and p.stream_id = case
                when a.order_id is null
                    then (select e.stream_id from log.events e where e.position = a.position)
                else 'order-' || a.order_id
            end))
          and not exists (select from log.commands c where c.command_id = a.command_id)
    )
"""

_HOLD: Final = f"""
    with {_LET_THROUGH}, {_URGENT}
    select shard from ops.acting
    where exists (
        select from live.rule_acts a
        where a.sent and a.shard = acting.shard and a.position > acting.position)
       or exists (select from let_through w where w.shard = acting.shard)
       or exists (select from urgent u where u.shard = acting.shard)
    order by shard
    for update skip locked
"""  # noqa: S608 - a constant

_TAKE_URGENT: Final = f"""
    with {_URGENT}
    select command_id, rule, convert_to(body::text, 'UTF8') from urgent
    where shard = any(%(held)s)
    order by position, act_no
    limit %(limit)s
"""  # noqa: S608 - a constant

# One statement, behind the locks: it sees acts, and what was parked before them, as they were at
# one moment. So nobody passes an order without its being noted. Acts of an order that was passed
# are taken from where it is (late), those of others from where the shard is (fresh).
_TAKE: Final = f"""
    with {_LET_THROUGH}, held as materialized (
        select w.shard, w.position, coalesce(max(a.position), w.position) as reached
        from ops.acting w left join lateral (
            select a.position from live.rule_acts a
            where a.sent and a.shard = w.shard and a.position > w.position
            order by a.position fetch first %(limit)s rows with ties
        ) a on true
        where w.shard = any(%(held)s)
        group by w.shard, w.position
    ), noted as (
        insert into ops.acting_passed (stream_id, shard, position, act_no)
        select p.stream_id, p.shard, greatest(p.position - 1, held.position), 0
        from parked p join held using (shard)
        on conflict (stream_id) do nothing
        returning stream_id, position
    ), looked_at as materialized (
        select w.*, p.position as parked_at, held.reached
        from held cross join lateral (
            select * from let_through w where w.shard = held.shard
            order by w.position fetch first %(limit)s rows only
        ) w left join parked p using (stream_id)
    ), late as materialized (
        select a.*, w.stream_id, w.again_at is not null as aside
        from looked_at w cross join lateral (
            select e.shard, e.position from log.events e
            where e.stream_id in (w.stream_id, regexp_replace(w.stream_id, '^order-', 'timer-'))
            offset 0 -- by the stream: a range of positions may be all of the log
        ) e cross join lateral (
            select * from live.rule_acts a
            where a.sent and a.shard = e.shard and a.position = e.position
              and (a.position, a.act_no) > (w.position + 1, w.act_no) and a.position <= w.reached
              and (w.parked_at is null or a.position < w.parked_at) and not {_ANSWERED}
            offset 0
        ) a
    ), done as (
        delete from ops.acting_passed w using looked_at l
        where w.stream_id = l.stream_id and l.parked_at is null
          and not exists (select from late where late.stream_id = w.stream_id)
    ), parked_on as (
        update ops.acting_passed w set position = l.parked_at - 1, act_no = 0, rule = null
        from looked_at l
        where w.stream_id = l.stream_id and l.parked_at is not null
          and not exists (select from late where late.stream_id = w.stream_id)
    ), fresh as (
        select a.*,
               case when a.order_id is null
                   then (select e.stream_id from log.events e where e.position = a.position)
                   else 'order-' || a.order_id
               end as stream_id, false as aside
        from held join live.rule_acts a
          on a.sent and a.shard = held.shard
         and a.position > held.position and a.position <= held.reached and not {_ANSWERED}
    ), taken as (
        select late.*, true as passed
        from held cross join lateral (
            select * from late where late.shard = held.shard
            order by late.position fetch first %(limit)s rows with ties
        ) late
        union all
        select fresh.*, false from fresh
        where not exists (
            select from ops.acting_passed w
            where w.stream_id = fresh.stream_id
              and (fresh.position, fresh.act_no) > (w.position + 1, w.act_no))
          and not exists (
            select from noted w
            where w.stream_id = fresh.stream_id and fresh.position > w.position)
    )
    select held.shard, held.reached, a.command_id, a.rule, convert_to(a.body::text, 'UTF8'),
           held.shard, a.stream_id, a.position, a.act_no, d.version,
           coalesce(case when pg_input_is_valid(d.per_minute, 'integer')
               then d.per_minute::integer end, %(usual)s),
           a.passed, a.aside,
           a.body #>> '{{actor,kind}}' <> 'trigger',
           a.body #>> '{{actor,kind}}' = 'trigger' and exists (
               select from log.definitions n
               where n.kind = 'rule' and n.name = a.rule and n.version > a.rule_version
                 and n.body #>> '{{definition,mode}}' in ('off', 'shadow'))
    from held left join (
        taken a cross join lateral (
            select version, body #>> '{{definition,limits,per_minute}}' as per_minute
            from log.definitions n
            where n.kind = 'rule' and n.name = a.rule
            order by n.version desc limit 1
        ) d
    ) using (shard)
    order by a.position, a.act_no
"""  # noqa: S608 - a constant

_MOVE: Final = """
    update ops.acting set position = x.position, moved_at = clock_timestamp()
    from json_to_recordset(%s::json) as x(shard smallint, position bigint)
    where acting.shard = x.shard and acting.position < x.position
"""

_NOTE_LEFT_OUT: Final = """
    insert into ops.acting_left_out (command_id) select unnest(%s::uuid[])
    on conflict (command_id) do nothing
"""

_NOTE_PASSED: Final = """
    insert into ops.acting_passed (stream_id, shard, position, act_no, rule, again_at)
    select stream_id, shard, position, act_no, rule,
           clock_timestamp() + make_interval(secs => again_seconds)
    from json_to_recordset(%s::json) as x(
        stream_id text, shard smallint, position bigint, act_no integer, rule text,
        again_seconds double precision)
    on conflict (stream_id) do update set
        position = excluded.position, act_no = excluded.act_no, rule = excluded.rule,
        again_at = excluded.again_at
"""
