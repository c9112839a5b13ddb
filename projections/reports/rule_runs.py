"""Questions: when did each rule fire, why did one not act on an order, and did people do what a
shadow would have?
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_LISTED: Final = 10_000


class Act(TypedDict):
    """What a rule sent, or would have sent."""

    command: str
    outcome: str  # as trigger_acts has it
    unmet: list[dict[str, Any]] | None
    waits_for: str | None  # rule whose pace it waits for


class Ran(TypedDict):
    """One run of a rule on one order."""

    rule: str
    rule_version: int
    position: int
    event: str
    occurred_at: datetime
    result: str
    why: str | None
    conditions: dict[str, bool | str]
    changed: dict[str, str] | None
    chain: list[str]
    due_at: datetime | None
    acts: list[Act]


class Fired(TypedDict):
    """How a rule has fired, whatever its version."""

    last_fired_at: datetime | None  # when what it fired on happened; null: never
    fired_since: int


class Compared(TypedDict):
    """What became of the orders that a shadow would have moved."""

    to_status: str  # where it would have moved them
    runs: int
    same: int  # people moved the order there next
    other: int  # people moved it elsewhere next
    programs: int  # another rule, the path or a program moved it next, wherever to
    waiting: int  # nobody has moved it since
    median_seconds: int | None  # until people did the same


def count_fired(reader: Reader, rules: Sequence[str], since: datetime) -> dict[str, Fired]:
    """Say when each of these rules fired last, and how often from a moment on."""
    rows = reader.execute(_FIRED, {"rules": list(rules), "since": since}).fetchall()
    return {row.pop("rule"): cast(Fired, row) for row in rows}


def list_runs(reader: Reader, order_id: UUID, rule: str, *, limit: int = MOST_LISTED) -> list[Ran]:
    """List every run of a rule on an order, in the order of the log.

    Raises: ValueError if limit is not in 1..MOST_LISTED
    """
    parameters = {"order_id": order_id, "rule": rule, "limit": checked_limit(limit, MOST_LISTED)}
    return [cast(Ran, row) for row in reader.execute(_RUNS, parameters).fetchall()]


def list_sent(reader: Reader, order_id: UUID) -> list[UUID]:
    """List the commands that rules sent because of an order, the latest MOST_LISTED."""
    rows = reader.execute(_SENT, [order_id, MOST_LISTED]).fetchall()
    return [row["command_id"] for row in rows]


def compare_shadow(reader: Reader, rule: str, *, since: timedelta) -> list[Compared]:
    """Set the moves that a rule in shadow would have made beside what people did.

    Shape: one row for each status that it would have moved orders to, by its code.
    """
    rows = reader.execute(_COMPARED, {"rule": rule, "since": since}).fetchall()
    return [cast(Compared, row) for row in rows]


_FIRED: Final[LiteralString] = """
    select wanted.rule, (
               select max(r.occurred_at) from trigger_runs r
               where r.rule = wanted.rule and r.result = 'fired'
           ) as last_fired_at, (
               select count(*) from trigger_runs r
               where r.rule = wanted.rule and r.result = 'fired'
                 and r.occurred_at >= %(since)s
           ) as fired_since
    from unnest(%(rules)s::text[]) as wanted(rule)
"""
_SENT: Final[LiteralString] = """
    select command_id from trigger_acts
    where order_id = %s and outcome = 'accepted' order by position desc, act_no desc limit %s
"""
_RUNS: Final[LiteralString] = """
    select r.rule, r.rule_version, r.position, r.event, r.occurred_at, r.result, r.why,
           r.conditions, r.changed, r.chain, r.due_at,
           coalesce((
               select json_agg(json_build_object(
                   'command', a.command, 'outcome', a.outcome, 'unmet', a.unmet,
                   'waits_for', a.waits_for) order by a.act_no)
               from trigger_acts a
               where r.acts > 0 and a.position = r.position and a.rule = r.rule
           ), '[]') as acts
    from trigger_runs r
    where r.order_id = %(order_id)s and r.rule = %(rule)s
    order by r.position, r.run_no limit %(limit)s
"""

_COMPARED: Final[LiteralString] = """
    with would as (
        select r.order_id, r.occurred_at, a.body ->> 'to_status' as to_status
        from trigger_runs r
        join trigger_acts a using (position, rule)
        where r.rule = %(rule)s and r.result = 'shadow' and a.command = 'order.change_status'
          and r.occurred_at > now() - %(since)s::interval
    ), did as (
        select w.to_status, w.occurred_at, v.next_status, v.left_at,
               n.actor_kind = 'user' as by_people
        from would w left join lateral (
            select v.visit_no, v.next_status, v.left_at from status_visits v
            where v.order_id = w.order_id and v.entered_at <= w.occurred_at
              and (v.left_at is null or v.left_at > w.occurred_at)
            order by v.visit_no desc limit 1
        ) v on true
        left join status_visits n
          on n.order_id = w.order_id and n.visit_no = v.visit_no + 1
    )
    select to_status, count(*) as runs,
           count(*) filter (where by_people and next_status = to_status) as same,
           count(*) filter (where by_people and next_status <> to_status) as other,
           count(*) filter (where not by_people) as programs,
           count(*) filter (where next_status is null) as waiting,
           percentile_cont(0.5) within group (
               order by extract(epoch from left_at - occurred_at)
           ) filter (where by_people and next_status = to_status)::integer as median_seconds
    from did group by to_status order by to_status
"""
