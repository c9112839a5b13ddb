"""What a rule that fires sends: one command for each of its actions, always under the same id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.customers.commands import AddTag, RemoveTag, SetMark
from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.rules import actions as a
from domain.rules.causes import with_causes
from domain.rules.inbox import to_inbox
from domain.rules.judging import Sight
from domain.rules.outbox import to_outbox
from domain.rules.runs import Case
from domain.rules.spent import spent_by
from domain.teams.sharing import ShareOut

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:rules")


def act_id(case: Case, number: int) -> UUID:
    """Name an act: by its rule, the event, and its number within the rule. Never by a position,
    which is given again after a backup was restored.
    """
    of, happened = case.of, case.sight.happened
    event = f"{happened.stream_id}:{happened.version}:{happened.command_id}"
    return uuid5(_NAMESPACE, f"{of.name}:{of.version}:{event}:{number}")


def acts_of(case: Case) -> Iterator[Command]:
    """Give the commands of a rule's actions, in their order. One that has nobody to act on, as a
    tag for a customer who is not known, is left out.
    """
    rule, sight = case.of.rule, case.sight
    earlier: list[tuple[UUID, a.Action]] = []
    for number, action in enumerate(rule.then):
        envelope = {
            "command_id": act_id(case, number),
            "actor": Actor(kind="trigger", id=rule.rule, roles=rule.roles),
            "source": f"rule:{rule.rule}:{case.of.version}",
            "correlation_id": sight.happened.correlation_id,
            "causation_id": sight.happened.command_id,
        }
        command = _command(with_causes(action, case), case, envelope, earlier)
        if command is not None:
            yield command
            earlier.append((command.command_id, action))


def _command(
    action: a.Action,
    case: Case,
    envelope: Mapping[str, Any],
    earlier: Sequence[tuple[UUID, a.Action]],
) -> Command | None:
    sight = case.sight
    if sight.order_id is not None:
        envelope = {**envelope, **_conditions(case.of.rule.lasting, earlier)}
    match action:
        case a.TagCustomer() | a.UntagCustomer() | a.MarkCustomer():
            return _to_customer(action, sight, envelope)
        case a.Move() | a.SetField() | a.Assign() | a.IssueDocument() | a.WriteNote():
            return _to_order(action, sight, envelope)
        case a.GiveTask() | a.RaiseAlert():
            return to_inbox(action, case, envelope)
        case a.Notify() | a.CallWebhook():
            return to_outbox(action, case, envelope)
        case _:
            raise TypeError(f"{type(action).__name__} is no action")


def _conditions(
    lasting: Sequence[str], earlier: Sequence[tuple[UUID, a.Action]]
) -> Mapping[str, Any]:
    """Say what has to hold by then, what of it the rule may have made untrue, and which move has to
    have come about: mostly neither.
    """
    said: dict[str, Any] = {"only_if": lasting}
    if spent := dict(spent_by(lasting, earlier)):
        said["spent_by"] = spent
    for command_id, action in earlier:
        if isinstance(action, a.Move):  # An order is moved once.
            said["behind"] = command_id
    return said


def _to_customer(
    action: a.TagCustomer | a.UntagCustomer | a.MarkCustomer,
    sight: Sight,
    envelope: Mapping[str, Any],
) -> Command | None:
    if sight.after.customer_id is None:
        return None
    whose = {"customer_id": sight.after.customer_id, "order_id": sight.order_id}
    to_customer = {**envelope, **whose}
    match action:
        case a.TagCustomer():
            return AddTag(**to_customer, tag=action.tag)
        case a.UntagCustomer():
            return RemoveTag(**to_customer, tag=action.untag)
        case a.MarkCustomer():
            return SetMark(**to_customer, mark=action.mark, reason_code=action.reason_code)


def _to_order(
    action: a.Move | a.SetField | a.Assign | a.IssueDocument | a.WriteNote,
    sight: Sight,
    envelope: Mapping[str, Any],
) -> Command | None:
    if sight.order_id is None:
        return None
    to_order = {**envelope, "order_id": sight.order_id}
    match action:
        case a.Move():
            said = action.model_dump(include={"reason_code", "initiator", "reason"})
            return c.ChangeStatus(**to_order, to_status=action.move, **said)
        case a.SetField():
            return c.ChangeFields(**to_order, **action.set.model_dump(exclude_defaults=True))
        case a.Assign():
            if action.by is None:
                return c.AssignOwner(**to_order, **action.assign, reason=action.reason)
            chosen = {"group": action.assign["group"], "by": action.by, "skill": action.skill}
            return ShareOut(**to_order, **chosen, reason=action.reason)
        case a.IssueDocument():
            return c.IssueDocument(**to_order, kind=action.issue, series=action.series)
        case a.WriteNote():
            return c.AddNote(**to_order, text=action.note)
