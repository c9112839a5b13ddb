"""Read model `trigger_runs`: which rule said what to which event, and what comes of it.

It judges (domain.rules.judge). What rules send stands in rule_acts, services.acting takes it from
there; what they wait for stands in rule_waits, until the clock says that it has come.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, LiteralString

from domain.messages import Recorded
from domain.reading import PAGE_EVENTS, OrderLog
from domain.rules.book import RuleBook
from domain.rules.judge import Judge, lost_to
from domain.rules.judging import Sight
from domain.rules.runs import Run, sent_by_rule
from domain.rules.timers import TimerFired
from projections.interface import Projection, Tx, write
from projections.rule_rows import WAIT_COLUMNS, act_rows, orders_in, run_rows, wait_of, wait_row
from projections.rule_sights import SEEN, CannotJudge, Sights

_KINDS: Final = ("rule", "calendar")
AT_ONCE: Final = 256  # events: then the database hears of us, which ends who says nothing for long


class TriggerRuns:
    """One row for each time that a rule looked at an event, beside them acts and waits.

    page: events of a stream that are read within a transaction
    """

    name: Final = "trigger_runs"
    version: Final = 15
    tables: Final = ("trigger_runs", "rule_acts", "rule_waits")
    ddl: Final[LiteralString] = """
        create table trigger_runs (
            position     bigint not null,
            run_no       integer not null, -- among those of the event, from 1
            rule         text not null,
            rule_version integer not null,
            order_id     uuid, -- null: the event is of a stock
            stream_id    text not null,
            event        text not null,
            result       text not null,
            why          text,
            conditions   jsonb not null, -- name -> true, false, or why there is no answer
            changed      jsonb, -- {field, old, new}
            chain        text[] not null, -- rules, each led to by the one before
            acts         integer not null,
            due_at       timestamptz,
            command_id   uuid not null, -- that the event came from
            occurred_at  timestamptz not null,
            recorded_at  timestamptz not null,
            primary key (position, rule, run_no)
        );
        create index trigger_runs_order on trigger_runs (order_id, rule);
        create index trigger_runs_fired on trigger_runs (rule, occurred_at) where result = 'fired';
        create table rule_acts (
            command_id   uuid primary key,
            position     bigint not null,
            act_no       integer not null,
            shard        smallint not null,
            rule         text not null,
            rule_version integer not null,
            order_id     uuid,
            command      text not null,
            body         jsonb not null,
            chain        text[] not null,
            sent         boolean not null -- false: only what would have been sent
        );
        create index rule_acts_due on rule_acts (shard, position, act_no) where sent;
        create index rule_acts_urgent on rule_acts (shard, position) -- what stops a rule
            where sent and body #>> '{actor,kind}' <> 'trigger';
        create table rule_waits (
            wait_id      uuid primary key,
            order_id     uuid not null,
            rule         text not null,
            rule_version integer not null,
            why          text not null,
            since        timestamptz not null,
            due_at       timestamptz not null,
            position     bigint not null,
            chain        text[] not null,
            changed      jsonb,
            cause        jsonb -- of a delay: what conditions see of the event that it began with
        );
        create index rule_waits_order on rule_waits (order_id);
        create index rule_waits_due on rule_waits (due_at);
    """

    def __init__(self, page: int = PAGE_EVENTS) -> None:
        self._page = page

    def reading(self, log: OrderLog) -> Projection:
        """Give the read model that reads this log, for one projector."""
        return _Judged(log, self._page)

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Raises: TypeError, as without a log nothing can be judged"""
        raise TypeError("trigger_runs reads the log: take `reading`")


class _Judged(TriggerRuns):
    """The read model with its log."""

    def __init__(self, log: OrderLog, page: int) -> None:
        super().__init__(page)
        self._log = log
        self._sights = Sights(log, page=page)
        self._book = RuleBook(())
        self._publications = 0
        self._may_be_mended = False

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Judge the events that are about orders and stocks. Raises: ReadFirst, CannotJudge"""
        if not any(type(one.event) in SEEN for one in batch) or not self._has_rules(tx):
            return
        for sights in self._sights.see(batch, self._book, AT_ONCE):
            self._judge(sights, tx)
            del sights  # Else their orders were held while those of the next part are read.

    def settle(self) -> None:
        """Hear that the transaction is through."""
        self._sights.settle()
        self._may_be_mended = not self._book.is_whole

    def _has_rules(self, tx: Tx) -> bool:
        """Look whether anything was published since; say whether any rule ever was."""
        row = tx.execute(
            "select count(*), count(*) filter (where kind = 'rule') from log.definitions"
            " where kind in ('rule', 'calendar')"
        ).fetchone()
        assert row is not None
        publications, rules = row
        if rules and (publications != self._publications or self._is_mended()):
            self._book = RuleBook(self._log.published(_KINDS))
            self._publications = publications
        self._may_be_mended = False
        return bool(rules)

    def _is_mended(self) -> bool:
        """Read what could not be read again, once in a transaction; say whether it can be."""
        if not self._may_be_mended:
            return False
        unread = self._book.unread
        found = self._log.published(_KINDS, {stream for stream, _ in unread})
        return RuleBook(found).unread != unread

    def _judge(self, sights: Sequence[Sight], tx: Tx) -> None:
        judge = _before([sight.happened for sight in sights], tx)
        waited = dict(judge.waits)
        runs: list[Run] = []
        for sight in sights:
            rules = self._book.at(sight.happened.position)
            if lost := lost_to(rules, sight):
                raise CannotJudge(f"{' '.join(sorted(lost))} cannot be read")
            is_timer = isinstance(sight.happened.event, TimerFired)
            runs += (judge.judge_timer if is_timer else judge.judge)(rules, sight)
        write(tx, _INSERT_RUNS, run_rows(runs))
        write(tx, _INSERT_ACTS, act_rows(runs))
        begun, ended = judge.changed()
        if gone := waited.keys() & ended:
            tx.execute("delete from rule_waits where wait_id = any(%s)", [[*gone]])
        anew = (one for one in begun if waited.get(one.wait_id) != one)
        write(tx, _UPSERT_WAITS, map(wait_row, anew))


def _before(events: Sequence[Recorded], tx: Tx) -> Judge:
    """Tell a judge what was so before these events."""
    orders = orders_in(events)
    waits = tx.execute(
        f"select {WAIT_COLUMNS} from rule_waits where order_id = any(%s)",  # noqa: S608 - constant
        [orders],
    )
    judge = Judge(waits={row[0]: wait_of(row) for row in waits.fetchall()})
    fired = tx.execute(
        "select rule, order_id, count(*) from trigger_runs"
        " where order_id = any(%s) and result = 'fired' group by 1, 2",
        [orders],
    )
    judge.fired = Counter({(rule, order_id): times for rule, order_id, times in fired.fetchall()})
    if ours := [by for one in events if (by := sent_by_rule(one))]:
        chains = tx.execute(
            "select command_id, chain from rule_acts where command_id = any(%s)", [ours]
        )
        judge.chains = {command_id: tuple(chain) for command_id, chain in chains.fetchall()}
    return judge


_INSERT_RUNS: Final = """
    insert into trigger_runs (
        position, run_no, rule, rule_version, order_id, stream_id, event, result, why, conditions,
        changed, chain, acts, due_at, command_id, occurred_at, recorded_at)
    select e.position, r.run_no, r.rule, r.rule_version, e.order_id, e.stream_id, e.event, r.result,
        r.why, r.conditions, r.changed, r.chain, r.acts, r.due_at, e.command_id, e.occurred_at,
        e.recorded_at
    from json_to_recordset(%s::json) as e(
        position bigint, order_id uuid, stream_id text, event text, command_id uuid,
        occurred_at timestamptz, recorded_at timestamptz, runs json),
    json_to_recordset(e.runs) as r(
        run_no integer, rule text, rule_version integer, result text, why text, conditions jsonb,
        changed jsonb, chain text[], acts integer, due_at timestamptz)
"""

# What stops a rule is one command at however many events: it stands with the first of them, in
# whatever order they are judged.
_INSERT_ACTS: Final = """
    insert into rule_acts as a (
        command_id, position, act_no, shard, rule, rule_version, order_id, command, body, chain,
        sent)
    select distinct on (command_id) * from json_to_recordset(%s::json) as x(
        command_id uuid, position bigint, act_no integer, shard smallint, rule text,
        rule_version integer, order_id uuid, command text, body jsonb, chain text[], sent boolean)
    order by command_id, position, act_no
    on conflict (command_id) do update set
        position = excluded.position, act_no = excluded.act_no, shard = excluded.shard,
        rule = excluded.rule, rule_version = excluded.rule_version, order_id = excluded.order_id,
        body = excluded.body, chain = excluded.chain
    where (excluded.position, excluded.act_no) < (a.position, a.act_no)
"""

_UPSERT_WAITS: Final = """
    insert into rule_waits (
        wait_id, order_id, rule, rule_version, why, since, due_at, position, chain, changed, cause)
    select * from json_to_recordset(%s::json) as x(
        wait_id uuid, order_id uuid, rule text, rule_version integer, why text,
        since timestamptz, due_at timestamptz, position bigint, chain text[], changed jsonb,
        cause jsonb)
    on conflict (wait_id) do update set
        rule_version = excluded.rule_version, since = excluded.since, due_at = excluded.due_at,
        position = excluded.position, chain = excluded.chain, changed = excluded.changed,
        cause = excluded.cause
"""
