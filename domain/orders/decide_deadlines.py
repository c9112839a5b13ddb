"""Decisions about the deadlines of an order's stay: one has come, the limit shall end later."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.messages import Event, Verdict
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.context import Situation
from domain.orders.deadlines import Deadlines, due_at_of, snoozed, standing
from domain.orders.guards import is_said, not_final
from domain.orders.order import Order
from domain.orders.parts import MAX_HELD, Held
from domain.paths.limits import MAX_LIMIT
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet


def decide(situation: Situation | None, cmd: c.DeadlineCommand) -> Verdict:
    """Decide on the stay in which the order is; without a path it has no limit."""
    if situation is None:
        return [], []
    match cmd:
        case c.PassDeadline():
            return [*_passed(situation, cmd)], []
        case c.SnoozeDeadline():
            return _snooze(situation, cmd)
        case _:
            raise TypeError(f"{type(cmd).__name__} says nothing of a deadline")


def _passed(situation: Situation, cmd: c.PassDeadline) -> Iterator[Event]:
    """However long ago it was: once, and only while the order is where it had to leave."""
    order, asked = situation.order, e.Deadline(cmd.level, cmd.due_at)
    is_open = asked in standing(order) and asked in order.limit.open
    if cmd.entered != order.limit.entered or not is_open or cmd.due_at > situation.now:
        return
    status = order.status or ""
    told = _told(situation.path, status, cmd.level)
    holder = _holder_at(order, cmd.due_at)
    yield e.DeadlinePassed(
        entered=cmd.entered,
        status=status,
        level=cmd.level,
        due_at=cmd.due_at,
        holder_user=holder.user,
        holder_group=holder.group,
        to_user=told.get("user"),
        to_group=told.get("group"),
    )


def _holder_at(order: Order, moment: datetime) -> Held:
    """Give who held the order at a moment, though others may hold it since: a clock may be late.

    Nobody where the moment lies further back than what the order remembers of its holders.
    """
    held = order.held
    if len(held) == MAX_HELD and moment < held[0].until:  # Another may have come before.
        return Held(None, None, moment)
    earlier = (one for one in held if one.until > moment)
    return next(earlier, Held(order.owner_user, order.owner_group, moment))


def _told(path: OrderPath, status: str, level: str) -> Mapping[Any, str]:
    """Name whom the path wants told: by the level, else whoever owns the status."""
    found = path.statuses.get(status)
    steps = found.limit.escalate if found and found.limit else ()
    percent = level.removeprefix("escalate_")
    named = next((step.to for step in steps if step.at == f"{percent}%"), None)
    owner = found.owner if found else None
    return named or owner or {}


def _snooze(situation: Situation, cmd: c.SnoozeDeadline) -> Verdict:
    order, path = situation.order, situation.path
    unmet = [*not_final(order, path), *is_said("reason", cmd.reason, "A snooze")]
    deadlines = standing(order)
    if not deadlines:
        message = f"Nothing limits how long the order may stay in {order.status or 'no status'}"
        return [], [*unmet, Unmet(code="no_deadline", field="order_id", message=message)]
    due_at = due_at_of(deadlines)
    if unmet or cmd.until == due_at > situation.now:
        return [], unmet
    if beyond := [*_until_makes_sense(cmd.until, due_at, situation.now)]:
        return [], beyond
    try:
        moved = snoozed(situation, cmd.until)
    except Refusal as refusal:
        return [], list(refusal.unmet)
    return [_event(situation, cmd.until, moved)], []


def _until_makes_sense(until: datetime, due_at: datetime, now: datetime) -> Iterator[Unmet]:
    earliest = max(now, due_at)
    if until <= earliest:
        yield Unmet(
            code="snooze_too_early",
            field="until",
            message=f"{until.isoformat()} is no later than the limit ends, or has passed",
            needed=f"later than {earliest.isoformat()}",
        )
    elif until - now > MAX_LIMIT:
        yield Unmet(
            code="snooze_too_late",
            field="until",
            message=f"{until.isoformat()} is further ahead than a limit may be",
            needed=f"{(now + MAX_LIMIT).isoformat()} or earlier",
        )


def _event(situation: Situation, until: datetime, deadlines: Deadlines) -> e.DeadlineSnoozed:
    order = situation.order
    return e.DeadlineSnoozed(
        entered=order.limit.entered, status=order.status or "", until=until, deadlines=deadlines
    )
