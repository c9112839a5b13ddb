"""Conditions on what may happen to an order. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.messages import Actor, Command, is_blank, is_code, is_key, named
from domain.orders.commands import GrantRefund, PaymentCommand, PlaceOrder, SubmitPayment
from domain.orders.money import Line
from domain.orders.order import Order
from domain.paths.path import OrderPath
from domain.paths.transitions import Requirement
from domain.refusals import Unmet

MAX_AHEAD = timedelta(minutes=5)  # clocks of others may run fast by so much
FACT_ACTORS = ("import", "api_key", "system")  # who tells what happened elsewhere


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


def path_is_chosen(path: OrderPath | None, cmd: PlaceOrder) -> Iterator[Unmet]:
    """An order names its path, or one applies to it."""
    if cmd.path is not None:
        yield from path_is_published(path, cmd.path)
    elif path is None:
        shop = f"the shop {cmd.shop}" if is_key(cmd.shop) else "this shop"
        yield Unmet(
            code="path_not_chosen",
            field="path",
            message=f"No path applies to orders of the type {cmd.order_type}, the channel"
            f" {cmd.channel} and {shop}",
            needed="the name of a path, or applies_to in one of them",
        )


def path_is_the_orders(order: Order, path: str) -> Iterator[Unmet]:
    """An order follows one path. Facts under two would count by who came first."""
    if order.path and order.path != path:
        yield Unmet(
            code="path_differs",
            field="path",
            message=f"The order follows the path {order.path}, not {path}",
            needed=order.path,
        )


def path_is_as_expected(order: Order, expected: tuple[str, int] | None) -> Iterator[Unmet]:
    if expected is not None and expected != order.pinned:
        yield Unmet(
            code="path_differs",
            field="expected_path",
            message=f"The order follows version {order.path_version} of the path {order.path}, not"
            f" version {expected[1]} of {expected[0]}",
            needed="read the order again, then decide again",
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
            + (command.expected_status if is_code(command.expected_status) else "that one"),
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


def tells_fact(command: Command) -> bool:
    """Whether a command says what happened elsewhere: that is recorded, however odd."""
    return command.MAY_BE_FACT and command.actor.kind in FACT_ACTORS


def time_is_allowed(command: Command, now: datetime) -> Iterator[Unmet]:
    """Only facts may set the past, nobody the future."""
    if command.occurred_at is None:
        return
    if not tells_fact(command):
        yield Unmet(
            code="time_not_allowed",
            field="occurred_at",
            message="A decision happens when it is made; only facts from outside carry a time",
            needed="leave occurred_at out",
        )
    yield from moment_has_come(command.occurred_at, now)


def moment_has_come(at: datetime, now: datetime, field: str = "occurred_at") -> Iterator[Unmet]:
    if at - now > MAX_AHEAD:  # The sum may lie behind the last day that there is.
        yield Unmet(
            code="time_in_future",
            field=field,
            message=f"{at.isoformat()} has not come yet",
            needed=f"at most {MAX_AHEAD.seconds // 60} minutes ahead",
        )


def is_said(
    name: Requirement, value: str | None, doing: str, reasons: tuple[str, ...] = ()
) -> Iterator[Unmet]:
    """Blanks say nothing."""
    if is_blank(value):
        yield Unmet(
            code=f"{name}_required",
            field=name,
            message=f"{doing} needs {name.replace('_', ' ')}",
            needed="one of " + ", ".join(reasons) if name == "reason_code" and reasons else None,
        )


def role_may(roles: Iterable[str], actor: Actor, doing: str = "This move") -> Iterator[Unmet]:
    """Whoever holds one of the roles may; no roles: everybody."""
    asked = tuple(roles)
    if asked and not set(asked) & set(actor.roles):
        yield Unmet(
            code="role_missing",
            field="actor.roles",
            message=f"{doing} needs another role than {actor.held or 'none'}",
            needed="one of " + ", ".join(asked),
        )


def stock_is_kept(path: OrderPath | None) -> Iterator[Unmet]:
    if path is not None and path.stock is None:
        yield Unmet(
            code="stock_not_kept",
            field="order_id",
            message=f"Orders of the path {path.path} reserve nothing",
            needed="`stock` in the path, with the locations that are asked",
        )


def not_final(order: Order, path: OrderPath | None) -> Iterator[Unmet]:
    """Items and details of a finished order stand still; payments and notes may follow."""
    status = path.statuses.get(order.status or "") if path else None
    if status is not None and status.final is not None:
        yield Unmet(
            code="order_finished",
            field="order_id",
            message=f"The order is finished ({order.status})",
            needed="bring it back into an open status first, if the path allows it",
        )


def items_stand_once(lines: Iterable[Line]) -> Iterator[Unmet]:
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if line.item_id in seen:
            yield _item_exists(line, f"lines.{number}.item_id")
        seen.add(line.item_id)


def item_is_new(order: Order, line: Line) -> Iterator[Unmet]:
    if line.item_id in order.items:
        yield _item_exists(line, "line.item_id")


def _item_exists(line: Line, field: str) -> Unmet:
    return Unmet(
        code="item_exists",
        field=field,
        message=f"The order has another {named('item', line.item_id)} already",
        needed="an item_id of its own",
    )


def same_currency(
    order: Order, cmd: SubmitPayment | PaymentCommand | GrantRefund
) -> Iterator[Unmet]:
    """A fact may be in any, unless it leaves the amount to be chosen."""
    currency = cmd.currency
    if tells_fact(cmd) and cmd.amount_minor is not None:
        return
    if order.currency is not None and order.currency != currency:
        yield Unmet(
            code="currency_differs",
            field="currency",
            message=f"The order is in {order.currency}, this is in {currency}",
            needed=order.currency,
        )
