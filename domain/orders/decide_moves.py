"""Decisions about moving an order along its path: move, cancel, agree to a move."""

from collections.abc import Iterator
from typing import assert_never

from domain.messages import Actor, Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders import moves
from domain.orders.context import Situation
from domain.orders.effects import against_effects
from domain.orders.entering import entering
from domain.orders.guards import role_may
from domain.orders.parts import Approval
from domain.paths.transitions import Transition
from domain.refusals import Unmet

Moving = c.ChangeStatus | c.CancelOrder


def decide(situation: Situation | None, cmd: Moving | c.ApproveMove) -> Verdict:
    """Decide a move, or the agreement to one; without a path there is nowhere to go."""
    if situation is None:
        return [], [*moves.cancelling_says_why(cmd)] if isinstance(cmd, c.CancelOrder) else []
    match cmd:
        case c.ChangeStatus():
            return _enter(situation, cmd, cmd.to_status)
        case c.CancelOrder():
            return _cancel(situation, cmd)
        case c.ApproveMove():
            return _approve(situation, cmd)
        case _:
            assert_never(cmd)


def _enter(situation: Situation, cmd: Moving, target: str) -> Verdict:
    """Enter a status; to be in it already is nothing new."""
    order, path = situation.order, situation.path
    source = order.status
    if target == source:
        return [], []
    unmet = moves.move_is_open(situation, target)
    if target not in path.statuses:
        return [], unmet
    more = [*moves.reasons_are_given(path, source, target, cmd)]
    if unmet or more:
        return [], [*unmet, *against_effects(situation, target), *more]
    said = {"reason_code": cmd.reason_code, "initiator": cmd.initiator}
    changed, beyond = entering(situation, target, **said)
    if beyond:
        return [], against_effects(situation, target)  # There may be more against it.
    if source is not None and moves.rule_of(path, source, target).override:
        return [changed, e.OverrideUsed(from_status=source, to_status=target)], []
    return [changed], []


def _cancel(situation: Situation, cmd: c.CancelOrder) -> Verdict:
    """End without success. An order that ended so already, in whatever way, is left alone."""
    path, status = situation.path, situation.order.status
    ended = path.statuses.get(status or "")
    if cmd.to_status is None and ended is not None and ended.final == "failure":
        return [], []
    target = cmd.to_status or path.first_failure
    unmet = list(moves.target_is_failure(path, target))
    if target not in path.statuses or (unmet and target == status):
        return [], [*unmet, *moves.cancelling_says_why(cmd)]
    events, more = _enter(situation, cmd, target)
    return events, [*unmet, *more]


def _approve(situation: Situation, cmd: c.ApproveMove) -> Verdict:
    """Agree to a move of the order as it is now; twice by the same person is nothing new."""
    order, path, target = situation.order, situation.path, cmd.to_status
    unmet = list(moves.status_is_known(path, target))
    if unmet:
        return [], unmet
    who = (cmd.actor.id, cmd.actor.on_behalf_of)
    if order.approval == Approval(target, *who, order.version):
        return [], []
    source = order.status
    unmet += moves.transition_is_allowed(path, source, target)
    unmet += _may_agree(moves.rule_of(path, source, target), target, cmd.actor)
    agreed = e.MoveApproved(to_status=target, approved_by=who[0], on_behalf_of=who[1])
    return [agreed], unmet


def _may_agree(rule: Transition, target: str, actor: Actor) -> Iterator[Unmet]:
    if rule.approval is None:
        yield Unmet(
            code="approval_not_needed",
            field="to_status",
            message=f"Entering {target} needs nobody's agreement",
            needed="move the order",
        )
    else:
        yield from role_may(rule.approval.by, actor, "To agree to this move")
