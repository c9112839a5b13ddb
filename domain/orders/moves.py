"""Conditions on moving an order along its path: what stands against a move, in a stable order.

decide refuses with this list, domain.orders.allowed shows it: the two cannot disagree.
"""

from collections.abc import Iterator

from domain.hints import nearest, one_of
from domain.messages import Actor, is_code
from domain.orders.commands import CancelOrder, ChangeStatus
from domain.orders.context import Situation
from domain.orders.documents import CANCELLED
from domain.orders.guards import is_said, role_may
from domain.orders.order import Order
from domain.paths.asking import WHY, asked_for
from domain.paths.conditions import ConditionFailed
from domain.paths.path import OrderPath
from domain.paths.transitions import ANY, Guard, Requirement, Transition
from domain.refusals import Unmet

_NO_RULE = Transition.model_validate({"from": ANY, "to": ANY})  # what a closed move demands


def rule_of(path: OrderPath, source: str | None, target: str) -> Transition:
    """Give what the path demands of a move, also of one that it does not have.

    A first status demands nothing: an order is without one only if its facts were annulled.
    """
    return path.matrix.get((source or "", target), _NO_RULE)


def move_is_open(situation: Situation, target: str) -> list[Unmet]:
    """List everything that stands against a move, whatever is said with it, in a stable order."""
    path, actor = situation.path, situation.actor
    if unknown := list(status_is_known(path, target)):
        return unknown
    source = situation.status
    rule = rule_of(path, source, target)
    return [
        *status_is_active(path, target),
        *transition_is_allowed(path, source, target),
        *role_may(rule.roles, actor),
        *guards_hold(situation, rule.guards),
        *move_is_approved(situation.order, target, rule, actor),
        *documents_are_there(situation.order, path, target),
    ]


def guards_hold(situation: Situation, guards: tuple[Guard, ...]) -> Iterator[Unmet]:
    """A condition that has no answer holds no more than one that is not true."""
    if not guards:
        return
    answers = situation.answers([guard.when for guard in guards])
    for guard, answer in zip(guards, answers, strict=True):
        if isinstance(answer, ConditionFailed):
            needed = f"a condition that has an answer for this order: {answer.reason}"
            yield Unmet(code=guard.code, message=guard.message, needed=needed)
        elif not answer:
            yield Unmet(code=guard.code, message=guard.message)


def _people(*names: str | None) -> set[str]:
    """Whoever acts, and for whom: a name that is written otherwise is the same person."""
    return {name.strip().casefold() for name in names if name}


def documents_are_there(order: Order, path: OrderPath, target: str) -> Iterator[Unmet]:
    """What a status asks for has to be issued before; a cancelled document is none."""
    entered = path.statuses[target].on_enter
    if entered is None:
        return
    there = {one.kind for one in order.documents.values() if one.status != CANCELLED}
    for kind in entered.documents:
        if kind not in there:
            yield Unmet(
                code="document_missing",
                message=f"Entering {target} needs a document: {kind}",
                needed=f"issue the {kind} first",
            )


def status_is_active(path: OrderPath, target: str) -> Iterator[Unmet]:
    if not path.statuses[target].active:
        yield Unmet(
            code="status_inactive",
            field="to_status",
            message=f"{target} is not in use any more",
            needed="another status",
        )


def move_is_approved(order: Order, target: str, rule: Transition, actor: Actor) -> Iterator[Unmet]:
    """Four eyes: the agreement holds for the order as it was, and for nobody's own move."""
    asked = rule.approval
    if asked is None:
        return
    who = "one of " + ", ".join(asked.by) + (", who is not the one who moves" * asked.not_self)
    given = order.approval
    if given is None or given.to_status != target or given.version != order.version:
        yield Unmet(
            code="approval_missing",
            message=f"Nobody has agreed that the order as it is now enters {target}",
            needed=f"the agreement of {who}",
        )
    elif asked.not_self and _people(given.approved_by, given.on_behalf_of) & _people(
        actor.id, actor.on_behalf_of
    ):
        yield Unmet(
            code="approval_by_self",
            field="actor.id",
            message="Whoever agreed to a move does not make it as well",
            needed=f"another one who moves the order, or the agreement of {who}",
        )


def status_is_known(path: OrderPath, status: str, field: str = "to_status") -> Iterator[Unmet]:
    if status not in path.statuses:
        named = f"status {status}" if is_code(status) else "such status"  # It may be anything.
        meant = _status_meant(path, status)
        yield Unmet(
            code="status_unknown",
            field=field,
            message=f"The path {path.path} has no {named}"
            + (f": did you mean {meant}?" if meant else ""),
            needed=one_of(path.statuses, "another path"),
        )


def _status_meant(path: OrderPath, written: str) -> str | None:
    """Guess which status somebody meant, by its code or by one of its titles."""
    names = {
        title.casefold(): code
        for code, status in path.statuses.items()
        for title in status.title.values()
    } | {code: code for code in path.statuses}
    close = nearest(written.casefold(), names)
    return names[close] if close else None


def transition_is_allowed(path: OrderPath, source: str | None, target: str) -> Iterator[Unmet]:
    """An order without a status may be brought where one begins."""
    if path.against(source, target) is not None:
        yield Unmet(
            code="transition_not_allowed",
            field="to_status",
            message=f"The path {path.path} has no way from {source or 'no status'} to {target}",
            needed=one_of(path.moves_from(source), f"nothing: no status follows {source}"),
        )


def target_is_failure(path: OrderPath, target: str | None) -> Iterator[Unmet]:
    """To cancel is to enter a failure status."""
    if target is None:
        yield Unmet(
            code="status_unknown",
            field="to_status",
            message=f"The path {path.path} has no failure status to cancel into",
        )
    elif target in path.statuses and path.statuses[target].final != "failure":
        yield Unmet(
            code="status_not_failure",
            field="to_status",
            message=f"{target} is no failure status, an order is not cancelled by entering it",
            needed=one_of(
                (c for c, s in path.statuses.items() if s.final == "failure"),
                "a path with a failure status",
            ),
        )
    else:
        yield from status_is_known(path, target)


def reasons_are_given(
    path: OrderPath, source: str | None, target: str, command: ChangeStatus | CancelOrder
) -> Iterator[Unmet]:
    """To fail or cancel always needs reason_code and initiator; the transition may ask for more."""
    transition = rule_of(path, source, target)
    said = said_with(command)
    required = asked_for(path, target, transition)
    if isinstance(command, CancelOrder):
        required = tuple(dict.fromkeys((*required, *WHY)))
    for name in required:
        yield from is_said(name, said[name], f"Entering {target}", transition.reasons)
    given = command.reason_code
    if given and transition.reasons and given not in transition.reasons:
        yield Unmet(
            code="reason_code_unknown",
            field="reason_code",
            message=f"{given} is no reason for entering {target}",
            needed="one of " + ", ".join(transition.reasons),
        )


def said_with(command: ChangeStatus | CancelOrder) -> dict[Requirement, str | None]:
    """Give what is said with a move."""
    return {
        "reason_code": command.reason_code,
        "initiator": command.initiator,
        "reason": command.reason,
    }


def cancelling_says_why(command: CancelOrder) -> Iterator[Unmet]:
    said = said_with(command)
    for name in WHY:
        yield from is_said(name, said[name], "Cancelling an order")
