"""What is sent when a rule goes too far. Of rules that go round the youngest only judges from then
on; one that fires too often for an order does nothing more for that one. The admins hear of it.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.alerts.commands import RaiseAlert
from domain.alerts.events import ADMINS
from domain.messages import Command
from domain.rules.acts import act_id
from domain.rules.inbox import KEEPER
from domain.rules.line import SetRuleMode, stream_of
from domain.rules.runs import Case, Stopped

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:stops")


def stop(case: Case, why: Stopped) -> Iterator[Command]:
    """Give the commands for a case that is not let go on."""
    match why:
        case "loop":
            switch = _switch(case)
            yield from (switch, _alert_of_loop(switch, case))
        case "per_order":
            yield _alert_of_limit(case)


def _switch(case: Case) -> SetRuleMode:
    """Let the rule of a loop only judge that was published last."""
    rules = [case.rules.by_name[name] for name in case.circle if name in case.rules.by_name]
    youngest = max(rules, key=lambda one: one.position)
    return SetRuleMode(
        command_id=uuid5(act_id(case, 0), "stop"),
        actor=KEEPER,
        source="rules",
        correlation_id=case.sight.happened.correlation_id,
        causation_id=case.sight.happened.command_id,
        rule=youngest.name,
        mode="shadow",
        of_version=youngest.version,
    )


def _alert_of_loop(switch: SetRuleMode, case: Case) -> RaiseAlert:
    """Name the rules of a loop in their order: once for each version of the one that was stopped,
    however many orders it was stopped at.
    """
    return _alert(
        case,
        command_id=uuid5(switch.command_id, "alert"),
        alert_id=uuid5(_NAMESPACE, f"{switch.rule}:{switch.of_version}"),
        title=f"Rule {switch.rule} only judges now: it went round in circles with others",
        details=case.circle,
        subject=switch.stream_id,
        rule=switch.rule,
        rule_version=switch.of_version,
    )


def _alert_of_limit(case: Case) -> RaiseAlert:
    """Name a rule that fired for an order as often as it may: once for each version of it, with the
    first of such orders.
    """
    name, version = case.of.name, case.of.version
    return _alert(
        case,
        command_id=uuid5(act_id(case, 0), "limit"),
        alert_id=uuid5(_NAMESPACE, f"{name}:{version}:per_order"),
        title=f"Rule {name} does nothing more for one order: it fired as often as it may",
        subject=stream_of(name),
        rule=name,
        rule_version=version,
    )


def _alert(case: Case, **said: Any) -> RaiseAlert:
    return RaiseAlert(
        actor=KEEPER,
        source="rules",
        correlation_id=case.sight.happened.correlation_id,
        causation_id=case.sight.happened.command_id,
        kind="rule_stopped",
        level="warn",
        order_id=case.sight.order_id,
        group=ADMINS,
        since=case.sight.happened.occurred_at,
        **said,
    )
