"""Decisions about moving an order along its path: move, cancel, agree to a move."""

from collections.abc import Iterator
from datetime import datetime

from domain.facts import Facts
from domain.messages import Actor, Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import moves
from domain.orders.context import Situation
from domain.orders.deadlines import deadlines_of, paused_by
from domain.orders.order import Approval, Order
from domain.paths.path import OrderPath
from domain.paths.transitions import Transition
from domain.refusals import Unmet


def move(
    order: Order, cmd: c.ChangeStatus, path: OrderPath | None, facts: Facts, now: datetime
) -> Verdict:
    """Enter a status; to be in it already is nothing new."""
    if path is None or cmd.to_status == order.status:
        return [], []
    return _enter(Situation(order, path, cmd.actor, now), cmd, cmd.to_status, facts)


def cancel(
    order: Order, cmd: c.CancelOrder, path: OrderPath | None, facts: Facts, now: datetime
) -> Verdict:
    """End without success. An order that ended so already, in whatever way, is left alone."""
    if path is None:
        return [], [*moves.cancelling_says_why(cmd)]
    ended = path.statuses.get(order.status or "")
    if cmd.to_status is None and ended is not None and ended.final == "failure":
        return [], []
    target = cmd.to_status or path.first_failure
    unmet = list(moves.target_is_failure(path, target))
    if target not in path.statuses or (unmet and target == order.status):
        return [], [*unmet, *moves.cancelling_says_why(cmd)]
    events, more = _enter(Situation(order, path, cmd.actor, now), cmd, target, facts)
    return events, [*unmet, *more]


def _enter(
    situation: Situation, cmd: c.ChangeStatus | c.CancelOrder, target: str, facts: Facts
) -> Verdict:
    order, path, now = situation.order, situation.path, situation.now
    source = order.status or ""
    unmet = moves.move_is_open(situation, target)
    if target in path.statuses:
        unmet += moves.reasons_are_given(path, source, target, cmd)
    if unmet:
        return [], unmet
    changed = e.StatusChanged(
        from_status=source,
        to_status=target,
        reason_code=cmd.reason_code,
        initiator=cmd.initiator,
        deadlines=deadlines_of(path, target, now, facts, paused=order.paused),
        paused=paused_by(situation, target, facts),
    )
    if moves.rule_of(path, source, target).override:
        return [changed, e.OverrideUsed(from_status=source, to_status=target)], []
    return [changed], []


def approve(order: Order, cmd: c.ApproveMove, path: OrderPath | None) -> Verdict:
    """Agree to a move of the order as it is now; twice by the same person is nothing new."""
    if path is None:
        return [], []
    target, source = cmd.to_status, order.status or ""
    unmet = list(moves.status_is_known(path, target))
    if unmet:
        return [], unmet
    if order.approval == Approval(target, cmd.actor.id, order.version):
        return [], []
    unmet += moves.transition_is_allowed(path, source, target)
    unmet += _may_agree(moves.rule_of(path, source, target), target, cmd.actor)
    return [e.MoveApproved(to_status=target, approved_by=cmd.actor.id)], unmet


def _may_agree(rule: Transition, target: str, actor: Actor) -> Iterator[Unmet]:
    if rule.approval is None:
        yield Unmet(
            code="approval_not_needed",
            field="to_status",
            message=f"Entering {target} needs nobody's agreement",
            needed="move the order",
        )
    elif not set(rule.approval.by) & set(actor.roles):
        held = ", ".join(actor.roles) or "none"
        yield Unmet(
            code="role_missing",
            field="actor.roles",
            message=f"To agree to this move needs another role than {held}",
            needed="one of " + ", ".join(rule.approval.by),
        )
