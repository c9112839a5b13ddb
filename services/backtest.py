"""Backtest: what rules would have done on what has happened. Reads the log, writes nothing.

What they would have sent is not carried out, so what that would have led to is not seen. Delays,
silences and fixed hours come when the log's own time has come so far, behind its end as well. Fixed
hours are for orders to which something has happened in what is read, from then on. What was told
late is taken as of when it happened: a silence that was over live may be broken by it here.
An order of which something cannot be read is left aside from there on, and named.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import chain
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from domain.messages import Recorded, entity_of
from domain.paths.calendar_line import stream_of as calendar_stream
from domain.paths.guards import calendars_are_published
from domain.reading import PAGE_BYTES, UNTIL_MENDED, Head, OrderLog, Undecodable
from domain.refusals import InfraError, Refusal
from domain.rules.book import InForce, Published, RuleBook
from domain.rules.clashes import find_clash
from domain.rules.judge import Judge
from domain.rules.judging import Sight
from domain.rules.line import stream_of as rule_stream
from domain.rules.rule import Rule
from domain.rules.runs import Run, Wait
from domain.rules.timers import TimerFired, Why
from projections.rule_sights import Sights
from services.backtest_hours import FixedHours
from services.backtest_moves import MoveTrials

BATCH_EVENTS: Final = 1_000
MOST_LISTED: Final = 100  # orders that are told one by one
_ACTED: Final = ("fired", "shadow")

Progress = Callable[[int, int], None]  # events read, events in all


@dataclass(frozen=True, slots=True)
class Would:
    """What a rule would have done to one order."""

    order_id: UUID | None
    position: int
    occurred_at: datetime
    commands: Sequence[str]
    refused: Sequence[str]  # codes of what stood against its moves
    conflicts: Sequence[str]  # rules that wanted something else of the same order just then


@dataclass(slots=True)
class Backtested:
    """What came of one rule."""

    rule: str
    looked: int = 0
    results: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)  # by condition: how often it did not hold
    refused: Counter[str] = field(default_factory=Counter)  # by code: moves the path would refuse
    conflicts: Counter[str] = field(default_factory=Counter)  # by the other rule
    would: list[Would] = field(default_factory=list)  # the first MOST_LISTED
    aside: list[UUID] = field(default_factory=list)  # orders that cannot be read, the first ones
    unread: Sequence[str] = ()  # streams of other rules, and calendars, that cannot be read

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        return {
            "rule": self.rule,
            "looked": self.looked,
            "results": dict(self.results),
            "missed": dict(self.missed),
            "refused": dict(self.refused),
            "conflicts": dict(self.conflicts),
            "would": [
                {
                    "order_id": str(one.order_id) if one.order_id else None,
                    "position": one.position,
                    "occurred_at": one.occurred_at,
                    "commands": list(one.commands),
                    "refused": list(one.refused),
                    "conflicts": list(one.conflicts),
                }
                for one in self.would
            ],
            "aside": [str(order_id) for order_id in self.aside],
            "unread": list(self.unread),
        }


@dataclass(frozen=True, slots=True)
class Part:
    """What of the log is judged."""

    behind: int  # a position
    up_to: int  # and the last one
    since: datetime  # fixed hours behind it have come
    until: datetime  # what is due by then has come, though nothing happened since
    path: str | None = None  # only orders that follow it
    begins: int | None = None  # a position: what is behind it is read, and may come due in the part


class Dated(Protocol):
    """A log that knows when it was written."""

    def first_since(self, moment: datetime) -> int: ...
    def head(self) -> Head: ...


def last_days(
    log: Dated, rule: Rule, days: int, *, until: datetime, path: str | None = None
) -> Part:
    """Take what was recorded within so many days; what a rule waits for may have begun before."""
    since = until - timedelta(days=days)
    behind, begins = (log.first_since(moment) - 1 for moment in (since, since - rule.longest_wait))
    return Part(behind, log.head().position, since, until, path, begins)


def backtest(
    log: OrderLog,
    rules: Sequence[Rule],
    part: Part,
    progress: Progress = lambda done, total: None,
) -> list[Backtested]:
    """Judge a part of the log by these rules, in place of published ones of the same names, and
    beside all others as they are published now. Of these, those that cannot be read, or go by a
    calendar that cannot be, are left out, and named.

    Raises: InfraError, Refusal calendar_unknown
    """
    now = RuleBook(log.published(("rule", "calendar"))).at(part.up_to + 1)
    wanted = dict.fromkeys(name for rule in rules for name in rule.calendars)
    for name in wanted.keys() & now.lost_calendars:
        words = f"The calendar {name} cannot be read. {UNTIL_MENDED}"
        raise InfraError("event_unreadable", words, calendar_stream(name))
    if unmet := [*calendars_are_published(wanted, now.calendars)]:
        raise Refusal(*unmet)
    tried = {rule.rule: Published(_judging(rule), 1, part.behind) for rule in rules}
    known = {
        name: replace(one, in_real_time=False)
        for name, one in now.by_name.items()
        if rule_stream(name) not in now.lost and now.lost_calendars.isdisjoint(one.rule.calendars)
    }
    lost = now.lost.difference(map(rule_stream, tried))
    in_force = InForce({**known, **tried}, now.calendars, lost)
    return _Backtest(log, in_force, set(tried), part).run(progress)


class _Backtest:
    """One run over the log."""

    def __init__(self, log: OrderLog, rules: InForce, tried: set[str], part: Part) -> None:
        self._log = log
        self._rules = rules
        self._part = part
        self._book = _Always(rules)
        self._sights = Sights(log, imported=True, patient=True)
        self._judge = Judge()
        self._trials = MoveTrials(log, rules)
        self._found = {name: Backtested(name) for name in sorted(tried)}
        self._due: list[tuple[datetime, UUID]] = []  # each wait once, not later than it is due
        self._listed: set[UUID] = set()  # those waits
        self._counts = False  # whether what is judged is of the part, or before it
        self._hours: FixedHours | None = None  # from the first event on
        self._has_hours = frozenset(name for _, on in rules.scheduled for name in on.in_)
        self._latest: dict[UUID, Sight] = {}  # of orders for which something may come due
        self._touched: set[UUID] = set()  # that the part tells of: only these have fixed hours
        self._aside: dict[UUID, int] = {}  # orders, by where something of them cannot be read

    def run(self, progress: Progress) -> list[Backtested]:
        part = self._part
        begins = part.behind if part.begins is None else part.begins

        def report(position: int) -> None:
            progress(position - begins, part.up_to - begins)

        if begins < part.behind:
            self._read(begins, part.behind, report)
            self._fire(part.since, part.behind)
        self._counts = True
        self._read(part.behind, part.up_to, report)
        self._fire(part.until, part.up_to)
        for found in self._found.values():
            found.aside = [*self._aside][:MOST_LISTED]
            found.unread = sorted(self._rules.lost)
        return [*self._found.values()]

    def _read(self, after: int, up_to: int, report: Callable[[int], None]) -> None:
        while after < up_to:
            most = min(BATCH_EVENTS, up_to - after)
            batch = self._log.read_lenient(after, most, most_bytes=PAGE_BYTES)
            for one in batch:
                if isinstance(one, Undecodable) and one.stream_id.startswith("order-"):
                    self._aside.setdefault(UUID(entity_of(one.stream_id)), one.position)
            readable = [one for one in batch if isinstance(one, Recorded)]
            for sight in chain.from_iterable(self._parts(readable)):
                if self._part.path in (None, sight.after.path) and not self._is_aside(sight):
                    self._take(sight)
            after = batch[-1].position
            report(after)

    def _parts(self, readable: Sequence[Recorded]) -> Iterator[Sequence[Sight]]:
        for sights in self._sights.see(readable, self._book, BATCH_EVENTS):
            for order_id, position in self._sights.unseen.items():
                self._aside.setdefault(UUID(order_id), position)
            yield sights
            del sights  # They hold orders: each part goes before the next is read.

    def _is_aside(self, sight: Sight) -> bool:
        """Whether nobody knows its order any more."""
        happened = sight.happened
        is_order = happened.stream_id.startswith("order-")
        return is_order and self._is_unread(UUID(happened.entity_id), happened.position)

    def _is_unread(self, order_id: UUID, position: int) -> bool:
        return self._aside.get(order_id, position + 1) <= position

    def _take(self, sight: Sight) -> None:
        """Judge an event, and before it whatever has come due by then."""
        happened = sight.happened
        end = self._part.until if self._counts else self._part.since
        now = min(happened.occurred_at, end)  # Whatever later years the log may tell of.
        if self._hours is None:
            self._hours = FixedHours(self._rules, max(self._part.since, now))
        self._fire(now, happened.position)
        if isinstance(happened.event, TimerFired):
            return  # Of rules as they were; ours are fired here.
        self._note(self._judge.judge(self._rules, sight))
        self._await_begun()
        if sight.order_id is not None:
            if self._counts:
                self._touched.add(sight.order_id)
            if self._judge.waits_for(sight.order_id) or sight.after.status in self._has_hours:
                self._latest[sight.order_id] = sight
            else:
                self._latest.pop(sight.order_id, None)

    def _await_begun(self) -> None:
        begun, _ = self._judge.changed()
        for wait in begun:
            self._await(wait)

    def _await(self, wait: Wait) -> None:
        """A silence that was broken comes up when the earlier one was due, and again later."""
        if wait.wait_id not in self._listed:
            self._listed.add(wait.wait_id)
            heappush(self._due, (wait.due_at, wait.wait_id))

    def _fire(self, until: datetime, position: int) -> None:
        """Judge what comes due by a moment; what comes to an order at once is seen together."""
        while (due_at := self._next_due()) is not None and due_at <= until:
            runs: dict[UUID, list[Run]] = defaultdict(list)
            for order_id, timer in (*self._waits_at(due_at), *self._hours_at(due_at)):
                if self._is_unread(order_id, position):
                    continue
                last = self._latest[order_id]
                happened = _timer(last.happened, timer, due_at, position)
                sight = Sight(happened, last.after, last.after, last.path, last.path, last.customer)
                runs[order_id] += self._judge.judge_timer(self._rules, sight)
            for together in runs.values():
                self._note(together)
            self._await_begun()

    def _next_due(self) -> datetime | None:
        hour = self._hours.next_at if self._hours else None
        coming = [self._due[0][0]] if self._due else []
        return min([*coming, hour] if hour else coming, default=None)

    def _waits_at(self, due_at: datetime) -> Iterator[tuple[UUID, TimerFired]]:
        while self._due and self._due[0][0] == due_at:
            _, wait_id = heappop(self._due)
            self._listed.discard(wait_id)
            wait = self._judge.waits.get(wait_id)
            if wait is None or wait.order_id not in self._latest:
                continue
            if wait.due_at > due_at:
                self._await(wait)
                continue
            yield wait.order_id, _fired(wait_id, wait.rule, wait.rule_version, wait.why, due_at)

    def _hours_at(self, due_at: datetime) -> Iterator[tuple[UUID, TimerFired]]:
        if self._hours is None or self._hours.next_at != due_at:
            return
        for rule, statuses in self._hours.take().items():
            version = self._rules.by_name[rule].version
            for order_id, last in self._latest.items():
                if order_id in self._touched and last.after.status in statuses:
                    timer_id = uuid5(order_id, f"{rule}:{due_at.isoformat()}")
                    yield order_id, _fired(timer_id, rule, version, "schedule", due_at)

    def _note(self, runs: Sequence[Run]) -> None:
        for run in runs if self._counts else ():
            if (found := self._found.get(run.case.of.name)) is not None:
                others = [one for one in runs if one is not run and _clash(run, one)]
                refused = self._trials.refused(run) if run.result in _ACTED else ()
                _count(found, run, refused, [one.case.of.name for one in others])


class _Always(RuleBook):
    """The same rules at every position."""

    def __init__(self, rules: InForce) -> None:
        super().__init__(())
        self._rules = rules

    def at(self, position: int) -> InForce:
        return self._rules


def _judging(rule: Rule) -> Rule:
    """Give a rule as it would be if it were on."""
    return rule.model_copy(update={"mode": "live"}) if rule.mode == "off" else rule


def _fired(timer_id: UUID, rule: str, rule_version: int, why: Why, due_at: datetime) -> TimerFired:
    return TimerFired(
        timer_id=timer_id, rule=rule, rule_version=rule_version, why=why, due_at=due_at
    )


def _timer(last: Recorded, event: TimerFired, at: datetime, position: int) -> Recorded:
    return Recorded(
        position=position,
        stream_id=f"timer-{last.entity_id}",
        version=last.version,
        shard=last.shard,
        event=event,
        command_id=event.timer_id,
        correlation_id=event.timer_id,
        causation_id=None,
        actor_kind="clock",
        actor_id="backtest",
        on_behalf_of=None,
        reason=None,
        source="backtest",
        occurred_at=at,
        recorded_at=at,
    )


def _count(found: Backtested, run: Run, refused: Sequence[str], conflicts: Sequence[str]) -> None:
    found.looked += 1
    found.results[run.result] += 1
    found.missed.update(name for name, answer in run.case.answers.items() if not answer)
    if run.result not in _ACTED:
        return
    found.refused.update(refused)
    found.conflicts.update(conflicts)
    if len(found.would) < MOST_LISTED:
        sight = run.case.sight
        names = [command.NAME for command in run.acts]
        happened = sight.happened
        found.would.append(
            Would(
                sight.order_id, happened.position, happened.occurred_at, names, refused, conflicts
            )
        )


def _clash(one: Run, other: Run) -> bool:
    """Whether two runs of one event set the same of an order, and not to the same."""
    if other.result not in _ACTED or one.case.sight.order_id is None:
        return False
    return find_clash(one.case.of.rule, other.case.of.rule) is not None
