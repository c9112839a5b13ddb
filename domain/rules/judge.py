"""The judge: takes the events of some orders in log order and gives a run for each rule that looks.

It remembers what rules wait for, how often they fired and what led to what; whoever asks it tells
first what was so before (projections.trigger_runs).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final, cast
from uuid import UUID

from domain.paths.calendar_line import stream_of as calendar_stream
from domain.rules.acts import acts_of
from domain.rules.book import InForce
from domain.rules.judging import NONE, Sight, ask, looking
from domain.rules.runs import Case, Chain, Run, Stopped, Wait, sent_by_rule
from domain.rules.stops import stop
from domain.rules.timers import TimerFired
from domain.rules.waits import due_at, go_on, is_scheduled, silences, still_looks, wait_of

MAX_CHAIN: Final = 8  # rules, each led to by the one before


class Judge:
    """For the events of one batch. It is told the waits that are open, by their ids; how often each
    rule fired for an order; the chains of commands that rules sent.
    """

    def __init__(
        self,
        waits: Mapping[UUID, Wait] | None = None,
        fired: Counter[tuple[str, UUID]] | None = None,
        chains: Mapping[UUID, Chain] | None = None,
    ) -> None:
        self.fired = Counter() if fired is None else fired
        self.chains = dict(chains or {})
        self._waits = dict(waits or {})
        self._of_order: dict[UUID, dict[UUID, Wait]] = {}  # the same, by order
        self._broken: dict[UUID, tuple[InForce, Sight]] = {}  # by order: what broke the silence
        self._begun: dict[UUID, Wait] = {}
        self._ended: set[UUID] = set()
        for wait in self._waits.values():
            self._note(wait)

    @property
    def waits(self) -> Mapping[UUID, Wait]:
        """Those that are open."""
        self._settle(*self._broken)
        return self._waits

    def waits_for(self, order_id: UUID) -> bool:
        """Say whether a rule waits for something of an order."""
        self._settle(order_id)
        return bool(self._of_order.get(order_id))

    def changed(self) -> tuple[Sequence[Wait], Set[UUID]]:
        """Give the waits that have begun since this was asked last, and the ids of those that ended
        and did not begin again.
        """
        self._settle(*self._broken)
        begun, ended = [*self._begun.values()], self._ended
        self._begun, self._ended = {}, set()
        return begun, ended

    def judge(self, rules: InForce, sight: Sight) -> list[Run]:
        """Judge an event of an order or of a stock."""
        runs = [*self._cancelled(rules, sight)]
        asked = looking(rules, sight)
        answers = ask(sight, [(one.rule, change) for one, change in asked])
        by = sent_by_rule(sight.happened)
        before = () if by is None else self.chains.get(by, ())
        for (one, change), found in zip(asked, answers, strict=True):
            runs.append(self._run(Case(rules, one, sight, found, change, before)))
        self._break_silence(rules, sight)
        if len(before) >= MAX_CHAIN and any(map(_goes_round, runs)):  # The alert is about those.
            runs = [replace(run, acts=()) if run.why == "depth" else run for run in runs]
        return runs

    def judge_timer(self, rules: InForce, sight: Sight) -> list[Run]:
        """Judge what the clock says, with the order as it is now, by the version in force now."""
        timer = cast(TimerFired, sight.happened.event)
        if sight.order_id is not None:
            self._settle(sight.order_id)
        wait = self._take(timer)
        one = rules.by_name.get(timer.rule)
        if one is None or (wait is None and not is_scheduled(rules, one, timer, sight)):
            return []  # Something else has happened meanwhile, and it waits anew or not at all.
        change, before = (wait.change, wait.chain) if wait else (NONE, ())
        case = Case(rules, one, sight, change=change, before=before)
        if one.rule.mode == "off" or (wait is not None and not still_looks(case, wait)):
            return [Run(case, "cancelled", why="retired")]
        asked = replace(sight, led_by=wait.cause) if wait and wait.cause else sight
        (answers,) = ask(asked, [(one.rule, change)])
        case = replace(case, answers=answers)
        if not all(answers.values()):
            return [Run(case, "skipped")]
        again = None if wait is None else go_on(case, wait)
        if again is None:
            return [self._fire(case)]
        self._open(again)
        return [Run(case, "delayed", due_at=again.due_at)]

    def _take(self, timer: TimerFired) -> Wait | None:
        wait = self._waits.get(timer.timer_id)
        if wait is None or wait.due_at != timer.due_at:
            return None
        self._end(wait)
        return wait

    def _open(self, wait: Wait) -> None:
        self._waits[wait.wait_id] = self._begun[wait.wait_id] = wait
        self._note(wait)
        self._ended.discard(wait.wait_id)

    def _note(self, wait: Wait) -> None:
        self._of_order.setdefault(wait.order_id, {})[wait.wait_id] = wait

    def _end(self, wait: Wait) -> None:
        del self._waits[wait.wait_id]
        self._begun.pop(wait.wait_id, None)
        del self._of_order[wait.order_id][wait.wait_id]
        self._ended.add(wait.wait_id)

    def _run(self, case: Case) -> Run:
        if not all(case.answers.values()):
            return Run(case, "skipped")
        due = due_at(case)
        if due is None or case.sight.order_id is None:
            return self._fire(case)
        self._open(wait_of(case, case.sight.order_id, due))
        return Run(case, "delayed", due_at=due)

    def _fire(self, case: Case) -> Run:
        if case.of.rule.mode == "shadow":  # It leads to nothing, so it never goes too far.
            return Run(case, "shadow", [*acts_of(case)])
        if (why := self._stopped(case)) is not None:
            return Run(case, "stopped", [*stop(case, why)], why=why)
        acts = [*acts_of(case)]
        self.chains |= {command.command_id: case.chain for command in acts}
        if case.sight.order_id is not None:
            self.fired[case.of.name, case.sight.order_id] += 1
        return Run(case, "fired", acts)

    def _stopped(self, case: Case) -> Stopped | None:
        if len(case.chain) > MAX_CHAIN:
            return "loop" if case.circle else "depth"
        order_id = case.sight.order_id
        times = 0 if order_id is None else self.fired[case.of.name, order_id]
        if times < case.of.rule.limits.per_order:
            return None
        return "loop" if case.of.name in case.before else "per_order"

    def _cancelled(self, rules: InForce, sight: Sight) -> Iterator[Run]:
        """End the delays that this event ends."""
        names = rules.cancelled_by.get(sight.name, ())
        if not names or sight.order_id is None:
            return
        for wait in [*self._of_order.get(sight.order_id, {}).values()]:
            if wait.why == "delay" and wait.rule in names:
                self._end(wait)
                of = rules.by_name[wait.rule]
                case = Case(rules, of, sight, change=wait.change, before=wait.chain)
                yield Run(case, "cancelled", why="event")

    def _break_silence(self, rules: InForce, sight: Sight) -> None:
        """Whatever somebody does to an order breaks the silence, and it begins anew: worked out
        once, behind the last of several events, as nobody sees those in between.
        """
        order_id = sight.order_id
        if order_id is None or _is_only_time(sight):
            return
        if order_id in self._broken and self._broken[order_id][0] is not rules:
            self._settle(order_id)
        if rules.silent or self._of_order.get(order_id):
            self._broken[order_id] = rules, sight

    def _settle(self, *order_ids: UUID) -> None:
        for order_id in order_ids:
            if (broken := self._broken.pop(order_id, None)) is not None:
                self._await_silence(order_id, *broken)

    def _await_silence(self, order_id: UUID, rules: InForce, sight: Sight) -> None:
        for wait in [*self._of_order.get(order_id, {}).values()]:
            if wait.why == "silence":  # Of whatever rule, also of one that is off by now.
                self._end(wait)
        for wait in silences(rules, sight, order_id):
            self._open(wait)


def lost_to(rules: InForce, sight: Sight) -> Set[str]:
    """Name the streams without which an event cannot be judged: every rule of which the latest
    version cannot be read, as nobody knows what it looks at; a calendar only if a rule that goes by
    it looks at the event, or has come due.
    """
    if not rules.lost:
        return rules.lost
    event = sight.happened.event
    if isinstance(event, TimerFired):
        asked = [rules.by_name[event.rule]] if event.rule in rules.by_name else []
    else:
        asked = [one for one, _ in looking(rules, sight)]
    of_rules = {one for one in rules.lost if one.startswith("rule-")}
    needed = {calendar_stream(name) for one in asked for name in one.rule.calendars}
    return of_rules | (needed & rules.lost)


def _goes_round(run: Run) -> bool:
    """Whether a rule comes again in its chain: it is stopped, now or when its delay has ended."""
    case = run.case
    comes = run.result == "stopped" or (run.result == "delayed" and case.of.rule.mode == "live")
    return comes and case.of.name in case.before


def _is_only_time(sight: Sight) -> bool:
    """Whether nobody did anything: the clock said that time has passed, as of a deadline or of
    goods that are kept no longer, and the order is where it was.
    """
    return sight.happened.actor_kind == "clock" and sight.before.status == sight.after.status
