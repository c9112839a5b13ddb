"""Tasks and alerts that rules give, and what the admins hear when a rule is stopped."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from domain.alerts import commands as alerts
from domain.messages import Command, Event, Recorded
from domain.orders.commands import AssignOwner
from domain.orders.events import NoteAdded, stream_of
from domain.orders.order import Order
from domain.rules.book import InForce, Published
from domain.rules.inbox import alert_of_haste
from domain.rules.judge import MAX_CHAIN, Judge
from domain.rules.judging import Sight
from domain.rules.line import SetRuleMode
from domain.rules.rule import Rule
from domain.rules.runs import Run
from domain.stock.events import StockBelowThreshold
from domain.tasks import commands as tasks
from tests.support.examples import COMMANDS, NOW, ORDER_ID, PATH, STOCK, actor
from tests.support.spec import given

WHO: dict[str, Any] = {"command_id": UUID(int=3), "actor": actor(), "order_id": ORDER_ID}
BY_ANN = AssignOwner(**WHO, user="ann", group="managers")
PLACED = COMMANDS["order.place"]
LOW = StockBelowThreshold(available=4, threshold=5)

numbers = count(1)


def rule(*then: dict[str, Any], name: str = "watch", **more: Any) -> Rule:
    on = [{"event": ["order.note_added", "stock.below_threshold"]}]
    return Rule.model_validate({"rule": name, "on": on, "then": then, **more})


def in_force(*rules: Rule, version: int = 1) -> InForce:
    published = (Published(one, version, number) for number, one in enumerate(rules, 1))
    return InForce({one.name: one for one in published})


def sight(event: Event, order: Order | None = None, command_id: UUID | None = None) -> Sight:
    """Show an event that an order, or the stock, has just seen."""
    number = next(numbers)
    happened = Recorded(
        position=1_000 + number,
        stream_id=stream_of(ORDER_ID) if order else STOCK,
        version=number,
        shard=0,
        event=event,
        command_id=command_id or UUID(int=1_000 + number),
        correlation_id=UUID(int=7),
        causation_id=None,
        actor_kind="user",
        actor_id="ann",
        on_behalf_of=None,
        reason=None,
        source="test",
        occurred_at=NOW,
        recorded_at=NOW,
    )
    return Sight(happened, after=order, path=PATH) if order else Sight(happened)


def acts(one: Rule, seen: Sight) -> Sequence[Command]:
    (run,) = Judge().judge(in_force(one), seen)
    assert run.result == "fired"
    return run.acts


def order(*steps: Command) -> Order:
    return given(PLACED, *steps).world.order


NOTED = NoteAdded(text="Call")


class TestTask:
    def test_p18_a_task_is_for_whom_the_rule_says_by_a_time_behind_the_event(self) -> None:
        one = rule({"task": "Agree the delivery", "to": {"group": "managers"}, "due": "30m"})

        (task,) = acts(one, sight(NOTED, order()))

        assert isinstance(task, tasks.CreateTask)
        assert (task.title, task.order_id) == ("Agree the delivery", ORDER_ID)
        assert (task.user, task.group) == (None, "managers")
        assert task.due_at == NOW + timedelta(minutes=30)
        assert (task.rule, task.rule_version, task.actor.kind) == ("watch", 1, "trigger")

    def test_p12_a_task_without_a_name_is_for_the_owner_of_the_order(self) -> None:
        (task,) = acts(rule({"task": "Call"}), sight(NOTED, order(BY_ANN)))

        assert isinstance(task, tasks.CreateTask)
        assert (task.user, task.group, task.due_at) == ("ann", "managers", None)

    def test_p12_an_order_without_an_owner_has_the_one_of_its_status(self) -> None:
        (task,) = acts(rule({"task": "Call"}), sight(NOTED, order()))

        assert isinstance(task, tasks.CreateTask)
        assert (task.user, task.group) == (None, "managers")

    def test_what_nobody_is_meant_by_is_left_out_and_the_rest_is_done(self) -> None:
        one = rule({"task": "Call"}, {"alert": "Few", "to": {"group": "buyers"}})

        (alert,) = acts(one, sight(LOW))

        assert isinstance(alert, alerts.RaiseAlert)

    def test_v14_a_task_of_a_stock_is_about_its_stream(self) -> None:
        one = rule({"task": "Buy", "to": {"user": "bob", "group": "buyers"}, "due": "1d"})

        (task,) = acts(one, sight(LOW))

        assert isinstance(task, tasks.CreateTask)
        assert (task.order_id, task.subject) == (None, STOCK)
        assert (task.user, task.group) == ("bob", "buyers")
        assert task.due_at == NOW + timedelta(days=1)

    def test_d9_the_same_event_judged_twice_gives_the_same_task(self) -> None:
        one, seen = rule({"task": "Call"}, {"alert": "Look"}), sight(NOTED, order())

        assert acts(one, seen) == acts(one, seen)
        task, alert = acts(one, seen)
        assert isinstance(task, tasks.CreateTask)
        assert isinstance(alert, alerts.RaiseAlert)
        assert task.task_id != alert.alert_id


class TestAlert:
    def test_p11_an_alert_says_since_when_and_by_which_rule(self) -> None:
        (alert,) = acts(rule({"alert": "Look"}), sight(NOTED, order(BY_ANN)))

        assert isinstance(alert, alerts.RaiseAlert)
        assert (alert.kind, alert.level, alert.title) == ("rule", "notice", "Look")
        assert (alert.user, alert.group, alert.order_id) == ("ann", "managers", ORDER_ID)
        assert (alert.since, alert.rule, alert.rule_version) == (NOW, "watch", 1)

    def test_v14_an_alert_of_a_stock_is_about_its_stream(self) -> None:
        (alert,) = acts(rule({"alert": "Few are left", "to": {"group": "buyers"}}), sight(LOW))

        assert isinstance(alert, alerts.RaiseAlert)
        assert (alert.order_id, alert.subject, alert.group) == (None, STOCK, "buyers")


@pytest.mark.parametrize("action", [{"task": "Call"}, {"alert": "Look"}])
def test_what_a_rule_gives_is_accepted_as_it_is(action: dict[str, Any]) -> None:
    (command,) = acts(rule(action), sight(NOTED, order(BY_ANN)))

    assert given().when(command).unmet == ()


def stopped(rules: InForce, chain: tuple[str, ...], seen: Sight) -> tuple[Run, Sequence[Command]]:
    judge = Judge(chains={seen.happened.command_id: chain})
    by_rule = replace(seen.happened, actor_kind="trigger", actor_id=chain[-1])
    (run,) = judge.judge(rules, replace(seen, happened=by_rule))
    assert run.result == "stopped"
    return run, run.acts


class TestStop:
    RULES = in_force(
        rule({"note": "Ping"}, name="ping"),
        rule({"note": "Pong"}, name="pong", on=[{"event": "order.fields_changed"}]),
    )

    def test_d9_the_admins_hear_of_a_loop_with_its_rules_in_their_order(self) -> None:
        chain = ("ping", "pong") * (MAX_CHAIN // 2)

        run, (stop, alert) = stopped(self.RULES, chain, sight(NOTED, order()))

        assert run.why == "loop"
        assert isinstance(stop, SetRuleMode)
        assert isinstance(alert, alerts.RaiseAlert)
        assert (stop.rule, stop.mode) == ("pong", "shadow")
        assert alert.details == (*chain, "ping")
        assert (alert.group, alert.kind, alert.rule, alert.rule_version) == (
            "admins", "rule_stopped", "pong", 1,
        )  # fmt: skip
        assert alert.title == "Rule pong only judges now: it went round in circles with others"
        assert given().when(alert).unmet == ()

    def test_d9_many_orders_at_which_it_is_stopped_are_one_alert(self) -> None:
        chain = ("ping", "pong") * (MAX_CHAIN // 2)
        _, first = stopped(self.RULES, chain, sight(NOTED, order()))
        _, second = stopped(self.RULES, chain, sight(NOTED, order()))

        assert [act.command_id for act in first] == [act.command_id for act in second]
        given(first[1]).when(second[1]).then_nothing()

    def test_d9_a_rule_that_fires_too_often_for_one_order_is_told_of_alone(self) -> None:
        judge = Judge()
        rules = in_force(rule({"note": "Ping"}, name="ping", limits={"per_order": 1}))
        judge.judge(rules, sight(NOTED, order()))

        (run,) = judge.judge(rules, sight(NOTED, order()))
        (alert,) = run.acts

        assert isinstance(alert, alerts.RaiseAlert)
        assert (alert.rule, alert.details, alert.order_id) == ("ping", (), ORDER_ID)
        assert (alert.kind, alert.group) == ("rule_stopped", "admins")
        assert (
            alert.title == "Rule ping does nothing more for one order: it fired as often as it may"
        )
        assert given().when(alert).unmet == ()

    def test_d9_many_orders_for_which_it_fired_too_often_are_one_alert(self) -> None:
        judge = Judge()
        rules = in_force(rule({"note": "Ping"}, name="ping", limits={"per_order": 1}))
        judge.judge(rules, sight(NOTED, order()))
        (first,), (second,) = (judge.judge(rules, sight(NOTED, order())) for _ in range(2))

        assert first.acts[0].command_id == second.acts[0].command_id
        given(first.acts[0]).when(second.acts[0]).then_nothing()


@pytest.mark.parametrize(("per_minute", "most"), [(1, "1 command"), (20, "20 commands")])
def test_a_hasty_rule_is_told_of_in_the_singular_too(per_minute: int, most: str) -> None:
    alert = alert_of_haste("mail", 2, per_minute, NOW)

    assert alert.title == f"Rule mail waits: it gave more than {most} within a minute"
