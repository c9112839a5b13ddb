"""What is sent when a rule goes too far. Of rules that go round the youngest only judges from then
on; one that comes ninth in a row, or fires too often for an order, does nothing there, and nothing
is turned off. The admins hear of it. The same command, by its id, at whatever event it is found.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.commands import RaiseAlert
from domain.alerts.events import ADMINS
from domain.messages import Command
from domain.rules.book import Published
from domain.rules.inbox import KEEPER
from domain.rules.line import SetRuleMode, stream_of
from domain.rules.runs import Case, Chain, Stopped

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:stops")


def stop(case: Case, why: Stopped) -> Iterator[Command]:
    """Give the commands for a case that is not let go on."""
    match why:
        case "loop":
            circle = _in_force(case, case.circle)
            if all(one.rule.mode == "live" for one in circle):  # Else it was stopped already.
                switch = _switch(case, max(circle, key=lambda one: one.position))
                yield from (switch, _alert_of_loop(switch, case))
        case "depth":
            yield _alert_of_depth(case)
        case "per_order":
            yield _alert_of_limit(case)


def _in_force(case: Case, chain: Chain) -> Sequence[Published]:
    return [case.rules.by_name[name] for name in chain if name in case.rules.by_name]


def _switch(case: Case, youngest: Published) -> SetRuleMode:
    """Let the rule of a loop only judge that was published last."""
    return SetRuleMode(
        command_id=uuid5(_NAMESPACE, f"{youngest.name}:{youngest.version}:stop"),
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
        alert_id=uuid5(_NAMESPACE, f"{switch.rule}:{switch.of_version}"),
        title=f"Rule {switch.rule} only judges now: it went round in circles with others",
        details=case.circle,
        subject=switch.stream_id,
        rule=switch.rule,
        rule_version=switch.of_version,
    )


def _alert_of_depth(case: Case) -> RaiseAlert:
    """Name the rules of a chain that is too long in their order: once for each version of them,
    with the first of such orders.
    """
    versions = " ".join(f"{one.name}:{one.version}" for one in _in_force(case, case.chain))
    name = case.of.name
    return _alert(
        case,
        alert_id=uuid5(_NAMESPACE, f"{versions}:depth"),
        title=f"Rule {name} did nothing: {len(case.before)} rules in a row had led to it."
        " Let one do what several do, or wait for silence, a time limit or a fixed hour",
        details=case.chain,
        subject=stream_of(name),
        rule=name,
        rule_version=case.of.version,
    )


def _alert_of_limit(case: Case) -> RaiseAlert:
    """Name a rule that fired for an order as often as it may: once for each version of it, with the
    first of such orders.
    """
    name, version = case.of.name, case.of.version
    return _alert(
        case,
        alert_id=uuid5(_NAMESPACE, f"{name}:{version}:per_order"),
        title=f"Rule {name} does nothing more for one order: it fired as often as it may",
        subject=stream_of(name),
        rule=name,
        rule_version=version,
    )


def _alert(case: Case, *, alert_id: UUID, **said: Any) -> RaiseAlert:
    return RaiseAlert(
        command_id=uuid5(alert_id, "raise"),
        alert_id=alert_id,
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
