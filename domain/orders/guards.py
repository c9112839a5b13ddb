"""Conditions on what may happen to an order. Each gives what is unmet, nothing if all is well."""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta

from domain.messages import Actor, Command
from domain.orders.order import Order
from domain.paths.path import ANY, OrderPath, Requirement, Transition
from domain.refusals import Unmet

MAX_AHEAD = timedelta(minutes=5)  # clocks of others may run fast by so much
FACT_ACTORS = ("import", "api_key", "system")  # who tells what happened elsewhere
WHY: tuple[Requirement, ...] = ("reason_code", "initiator")  # what every failure says

_NO_RULE = Transition.model_validate({"from": ANY, "to": ANY})  # what a closed move demands


def order_exists(order: Order, order_id: object) -> Iterator[Unmet]:
    if not order.exists:
        yield Unmet(
            code="order_unknown",
            field="order_id",
            message=f"There is no order {order_id}",
            needed="place it first, or check the id",
        )


def path_is_published(path: OrderPath | None, name: str) -> Iterator[Unmet]:
    if path is None:
        yield Unmet(
            code="path_unknown",
            field="path",
            message=f"No path {name} is published",
            needed="publish it first, or check the name",
        )


def path_is_pinned(order: Order) -> Iterator[Unmet]:
    if not order.path:
        yield Unmet(
            code="path_not_pinned",
            field="order_id",
            message="Only items or payments of this order are known, not its path",
            needed="the fact that it was placed, or that it entered a status",
        )


def status_is_as_expected(order: Order, command: Command) -> Iterator[Unmet]:
    if command.expected_status is not None and command.expected_status != order.status:
        yield Unmet(
            code="status_differs",
            field="expected_status",
            message=f"The order is in {order.status or 'no status'}, not in "
            f"{command.expected_status}",
            needed="read the order again, then decide again",
        )


def facts_come_from_outside(command: Command) -> Iterator[Unmet]:
    """Facts are recorded whatever the path says, so whoever decides here may not tell them."""
    if command.actor.kind not in FACT_ACTORS:
        yield Unmet(
            code="facts_not_allowed",
            field="actor.kind",
            message=f"A {command.actor.kind} decides; facts are told by another system",
            needed="one of " + ", ".join(FACT_ACTORS) + "; or a command that the path allows",
        )


def time_is_allowed(command: Command, now: datetime) -> Iterator[Unmet]:
    """Only facts may set the past, nobody the future."""
    if command.occurred_at is None:
        return
    if not command.MAY_BE_FACT or command.actor.kind not in FACT_ACTORS:
        yield Unmet(
            code="time_not_allowed",
            field="occurred_at",
            message="A decision happens when it is made; only facts from outside carry a time",
            needed="leave occurred_at out",
        )
    yield from moment_has_come(command.occurred_at, now)


def moment_has_come(at: datetime, now: datetime, field: str = "occurred_at") -> Iterator[Unmet]:
    if at > now + MAX_AHEAD:
        yield Unmet(
            code="time_in_future",
            field=field,
            message=f"{at.isoformat()} has not come yet",
            needed=f"at most {MAX_AHEAD.seconds // 60} minutes ahead",
        )


def status_is_known(path: OrderPath, status: str, field: str = "to_status") -> Iterator[Unmet]:
    if status not in path.statuses:
        yield Unmet(
            code="status_unknown",
            field=field,
            message=f"The path {path.path} has no status {status}",
            needed="one of " + ", ".join(path.statuses),
        )


def transition_is_allowed(path: OrderPath, source: str, target: str) -> Iterator[Unmet]:
    if (source, target) not in path.matrix:
        ways = path.moves_from(source)
        yield Unmet(
            code="transition_not_allowed",
            field="to_status",
            message=f"The path {path.path} has no way from {source or 'nowhere'} to {target}",
            needed="one of " + ", ".join(ways) if ways else f"a status: none follows {source}",
        )


def role_may(transition: Transition, actor: Actor) -> Iterator[Unmet]:
    if transition.roles and not set(transition.roles) & set(actor.roles):
        held = ", ".join(actor.roles) or "none"
        yield Unmet(
            code="role_missing",
            field="actor.roles",
            message=f"This move needs another role than {held}",
            needed="one of " + ", ".join(transition.roles),
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
            needed="one of "
            + (", ".join(c for c, s in path.statuses.items() if s.final == "failure") or "none"),
        )
    else:
        yield from status_is_known(path, target)


def reasons_are_given(
    path: OrderPath, source: str, target: str, command: Command, said: dict[str, str | None]
) -> Iterator[Unmet]:
    transition = rule_of(path, source, target)
    for name in asked_for(path, target, transition):
        value = command.reason if name == "reason" else said.get(name)
        yield from is_said(name, value, f"Entering {target}", transition.reasons)
    given = said.get("reason_code")
    if given and transition.reasons and given not in transition.reasons:
        yield Unmet(
            code="reason_code_unknown",
            field="reason_code",
            message=f"{given} is no reason for entering {target}",
            needed="one of " + ", ".join(transition.reasons),
        )


def asked_for(path: OrderPath, target: str, transition: Transition) -> tuple[Requirement, ...]:
    """Name what has to be said: a failure always needs WHY, the transition may ask for more."""
    if path.statuses[target].final != "failure":
        return transition.require
    return tuple(dict.fromkeys((*transition.require, *WHY)))


def cancelling_says_why(said: dict[str, str | None]) -> Iterator[Unmet]:
    for name in WHY:
        yield from is_said(name, said.get(name), "Cancelling an order")


def is_said(
    name: Requirement, value: str | None, doing: str, reasons: tuple[str, ...] = ()
) -> Iterator[Unmet]:
    if not value:
        yield Unmet(
            code=f"{name}_required",
            field=name,
            message=f"{doing} needs {name.replace('_', ' ')}",
            needed="one of " + ", ".join(reasons) if name == "reason_code" and reasons else None,
        )


def rule_of(path: OrderPath, source: str, target: str) -> Transition:
    """Give what the path demands of a move, also of one that it does not have."""
    return path.matrix.get((source, target), _NO_RULE)


def move_is_open(path: OrderPath, source: str, target: str, actor: Actor) -> list[Unmet]:
    """List everything that stands against a move, whatever is said with it, in a stable order."""
    unknown = list(status_is_known(path, target))
    if unknown:
        return unknown
    transition = rule_of(path, source, target)
    return [*transition_is_allowed(path, source, target), *role_may(transition, actor)]


def field_may_be_edited(order: Order, path: OrderPath, actor: Actor, name: str) -> Iterator[Unmet]:
    """A right that is denied to one role of the actor is denied, whatever the others may."""
    right = path.fields.get(name)
    if right is None:
        return
    denied = set(right.never) & set(actor.roles)
    if denied or (right.edit and not set(right.edit) & set(actor.roles)):
        held = ", ".join(sorted(denied)) or ", ".join(actor.roles) or "no role"
        yield Unmet(
            code="field_not_editable",
            field=name,
            message=f"{held} may not change {name}",
            needed="one of " + ", ".join(right.edit) if right.edit else "another role",
        )
    if order.status in right.closed_in:
        yield Unmet(
            code="field_closed",
            field=name,
            message=f"{name} is not changed any more in {order.status}",
            needed="another status than " + ", ".join(right.closed_in),
        )


def not_final(order: Order, path: OrderPath) -> Iterator[Unmet]:
    """Items and details of a finished order stand still; payments and notes may follow."""
    status = path.statuses.get(order.status or "")
    if status is not None and status.final is not None:
        yield Unmet(
            code="order_finished",
            field="order_id",
            message=f"The order is finished ({order.status})",
            needed="bring it back into an open status first, if the path allows it",
        )


def item_is_new(known: Container[str], item_id: str, field: str) -> Iterator[Unmet]:
    if item_id in known:
        yield Unmet(
            code="item_exists",
            field=field,
            message=f"The order has another item {item_id} already",
            needed="an item_id of its own",
        )


def same_currency(order: Order, currency: str) -> Iterator[Unmet]:
    if order.currency is not None and order.currency != currency:
        yield Unmet(
            code="currency_differs",
            field="currency",
            message=f"The order is in {order.currency}, this is in {currency}",
            needed=order.currency,
        )
