"""given / when / then for rules: things happen to an order, rules judge them, acts are carried out.

watched_by(*rules).when(*steps).then_runs(paid="fired").then_acts(("order.change_status", {…}))
The steps are those of tests.support.spec. `carrying_out` sends the acts, as services.acting does,
and lets the rules judge what they lead to; without it they are only seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid5

from domain.messages import Actor, Command, Decided, Recorded
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.paths.calendars import Calendar
from domain.paths.path import OrderPath
from domain.refusals import Refusal
from domain.rules.actions import WriteNote
from domain.rules.book import InForce, Published
from domain.rules.judge import Judge
from domain.rules.judging import Sight
from domain.rules.line import SetRuleMode
from domain.rules.rule import Rule
from domain.rules.runs import Run
from domain.rules.timers import TimerFired
from domain.rules.timers import stream_of as timers_of
from tests.support.examples import NOW, ORDER_ID, PATH, actor
from tests.support.spec import STEP, Step, World, given

_HOW: Final = ("order_id", "customer_id", "only_if", "behind")  # of acts, beside their envelope
_NAMES: Final = UUID(int=0)


def rule_of(
    rule: str = "watch", conditions: Mapping[str, str] | None = None, **written: Any
) -> Rule:
    """Check a rule that is written as JSON; what is left out is as short as it can be."""
    shortest = {"on": [{"event": "order.placed"}], "then": [{"note": "Seen"}]}
    asked = {"if": conditions} if conditions else {}
    return Rule.model_validate({"rule": rule, **shortest, **asked, **written})


def only_noting(rule: Rule) -> Rule:
    """Give a rule that looks when this one does, and only writes a note."""
    return rule.model_copy(update={"then": (WriteNote(note=rule.rule),)})


def ring_of(size: int) -> list[Rule]:
    """Make rules of which each leads to the next one, and the last one to the first."""
    return [_next_number(f"ring_{number}", number, (number + 1) % size) for number in range(size)]


def line_of(size: int) -> list[Rule]:
    """Make rules of which each leads to the next one, and the last one to none of them."""
    return [_next_number(f"line_{number}", number, number + 1) for number in range(size)]


def _next_number(name: str, number: int, then: int) -> Rule:
    return rule_of(
        name,
        on=[{"change": "track_number", "to": f"R{number}"}],
        then=[{"set": {"track_number": f"R{then}"}}],
        limits={"per_order": 50},
    )


def in_force(*rules: Rule, calendars: Sequence[Calendar] = ()) -> InForce:
    """Give rules as if they had been published one after another, before everything else."""
    published = (Published(rule, 1, number, True) for number, rule in enumerate(rules, 1))
    by_name = {one.name: one for one in published}
    return InForce(by_name, {one.calendar: one for one in calendars})


@dataclass
class Watch:
    """An order, and rules that look at it."""

    rules: InForce
    world: World
    carries_out: bool = False
    judge: Judge = field(default_factory=Judge)
    now: datetime = NOW
    log: list[Sight] = field(default_factory=list)
    orders: list[Order] = field(default_factory=lambda: [Order()])  # by version
    runs: list[Run] = field(default_factory=list)  # of the last step, and of what it led to
    refused: list[str] = field(default_factory=list)  # codes, of the acts of the last step

    def when(self, *steps: Step, who: Actor | None = None) -> Self:
        """Let things happen, one minute after another.

        who: did what is no command; without it a person
        """
        for step in steps:
            self.now += STEP
            self.runs, self.refused = [], []
            self._happen(step, who or actor())
        return self

    def when_time_passes(self, span: timedelta) -> Self:
        """Let the clock say what has come due."""
        self.now += span
        self.runs, self.refused = [], []
        for wait in sorted(self.judge.waits.values(), key=lambda one: one.due_at):
            if wait.due_at <= self.now:
                fired = TimerFired(
                    timer_id=wait.wait_id,
                    rule=wait.rule,
                    rule_version=wait.rule_version,
                    why=wait.why,
                    due_at=wait.due_at,
                )
                self._timer(fired)
        return self

    def publish(self, rule: Rule) -> Self:
        """Let another version of a rule be in force from now on."""
        old, at = self.rules.by_name[rule.rule], 1_000 + len(self.log)
        published = replace(old, rule=rule, version=old.version + 1, position=at)
        self.rules = InForce({**self.rules.by_name, rule.rule: published}, self.rules.calendars)
        return self

    def then_runs(self, **results: str) -> Self:
        """Every rule that looked at the last step, with what became of it."""
        found = {run.case.of.name: run.result for run in self.runs}
        assert found == results, f"not these, but: {found}"
        return self

    def then_acts(self, *acts: tuple[str, dict[str, Any]]) -> Self:
        """What the rules sent, or would have sent, without the envelope."""
        found = [told(command) for run in self.runs for command in run.acts]
        assert found == list(acts), f"not these, but: {found}"
        return self

    @property
    def order(self) -> Order:
        return self.world.order

    def sights(self) -> Iterator[Sight]:
        """Give what was seen until now, as whoever judges it for the first time sees it."""
        return (replace(sight) for sight in self.log)

    def _happen(self, step: Step, who: Actor) -> None:
        known = len(self.world.stored)
        if isinstance(step, Command):
            self.world.run(step, self.now)
        else:
            decided = step if isinstance(step, Decided) else Decided(step, self.now)
            given_alone = given(decided, paths=())
            ((stream_id, _),) = given_alone.world.stored
            self.world.append(stream_id, [decided])
        self._judge_from(known, step if isinstance(step, Command) else who)

    def _judge_from(self, known: int, by: Command | Actor) -> None:
        for stream_id, stored in self.world.stored[known:]:
            happened = self._recorded(stream_id, stored.event, stored.version, by)
            at = stored.occurred_at
            happened = replace(happened, fact_id=stored.fact_id, occurred_at=at)
            is_of_order = stream_id == stream_of(ORDER_ID)
            sight = self._sight(happened, stored.version if is_of_order else None)
            self.log.append(sight)
            self._take(self.judge.judge(self.rules, sight))

    def _timer(self, fired: TimerFired) -> None:
        happened = self._recorded(timers_of(ORDER_ID), fired, len(self.log) + 1, actor("clock"))
        sight = Sight(happened, after=self.order, path=self._path(self.order))
        self.log.append(sight)
        self._take(self.judge.judge_timer(self.rules, sight))

    def _take(self, runs: list[Run]) -> None:
        self.runs += runs
        for run in runs if self.carries_out else ():
            for command in run.acts if run.result in ("fired", "stopped") else ():
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, SetRuleMode):
            self._set_mode(command)
            return
        known = len(self.world.stored)
        try:
            self.world.run(command, self.now)
        except Refusal as refusal:
            self.refused += [unmet.code for unmet in refusal.unmet]
        self._judge_from(known, command)

    def _set_mode(self, command: SetRuleMode) -> None:
        old = self.rules.by_name[command.rule]
        if old.version == command.of_version:
            self.publish(old.rule.model_copy(update={"mode": command.mode}))

    def _recorded(self, stream_id: str, event: Any, version: int, by: Command | Actor) -> Recorded:
        number = len(self.log) + 1
        command = by if isinstance(by, Command) else None
        who = by.actor if isinstance(by, Command) else by
        command_id = UUID(int=number) if command is None else command.command_id
        if command is not None and command_id == UUID(int=1):  # That of every example.
            command_id = uuid5(_NAMES, str(number))
        return Recorded(
            position=10_000 + number,
            stream_id=stream_id,
            version=version,
            shard=0,
            event=event,
            command_id=command_id,
            correlation_id=command_id,
            causation_id=None if command is None else command.causation_id,
            actor_kind=who.kind,
            actor_id=who.id,
            on_behalf_of=None,
            reason=None,
            source="test" if command is None else command.source,
            occurred_at=self.now,
            recorded_at=self.now,
        )

    def _sight(self, happened: Recorded, version: int | None) -> Sight:
        """Give the order right before and right behind an event."""
        if version is None:
            return Sight(happened)
        before, after = self._orders(version)
        customer = self.world.customer if self.world.customer.version else None
        return Sight(happened, before, after, self._path(after), self._path(before), customer)

    def _orders(self, version: int) -> tuple[Order, Order]:
        own = [one for stream_id, one in self.world.stored if stream_id == stream_of(ORDER_ID)]
        while len(self.orders) <= version:
            self.orders.append(self.orders[-1].evolve(own[len(self.orders) - 1]))
        return self.orders[version - 1], self.orders[version]

    def _path(self, order: Order) -> OrderPath | None:
        return self.world.paths.get(order.pinned)


def watched_by(
    *rules: Rule,
    paths: tuple[OrderPath, ...] = (PATH,),
    calendars: Sequence[Calendar] = (),
    carrying_out: bool = False,
) -> Watch:
    """Let rules look at an order that is about to be placed."""
    force = in_force(*rules, calendars=calendars)
    return Watch(force, given(paths=paths).world, carrying_out)


def told(command: Command) -> tuple[str, dict[str, Any]]:
    """Give what a command says, by its stored name."""
    leaving = {*Command.ENVELOPE, *_HOW}
    body = command.model_dump(mode="json", exclude_defaults=True, exclude=leaving)
    return command.NAME, body
