"""Bringing an order onto another version of its path, or onto another path: command and decision.

Whoever may migrate does so whatever the paths say of moves; every later move follows the new one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from domain.facts import Facts
from domain.messages import Code
from domain.orders import guards, whereabouts
from domain.orders.commands import OrderCommand
from domain.orders.context import Situation
from domain.orders.deadlines import deadlines_of
from domain.orders.decide import Decision
from domain.orders.draft import Draft
from domain.orders.events import PathMigrated
from domain.orders.moves import guards_hold, status_is_active
from domain.orders.order import Order
from domain.paths.closing import closing
from domain.paths.line import PathLine
from domain.paths.path import MAX_STATUSES, OrderPath
from domain.refusals import Refusal, Unmet
from domain.told_numbers import ToldNumber


class MigrateOrder(OrderCommand):
    """Let the order follow this version of this path from now on. The reason is mandatory."""

    NAME: ClassVar[str] = "order.migrate"

    path: Code
    path_version: ToldNumber | None = None  # None: the latest
    # Only while the order follows this version.
    expected_path: tuple[Code, ToldNumber] | None = None
    # Old status -> new one. A status that is not named stays; named itself it is entered anew.
    mapping: Annotated[dict[Code, Code], Field(max_length=MAX_STATUSES)] = Field(
        default_factory=dict
    )


def migrate(
    order: Order, line: PathLine, cmd: MigrateOrder, facts: Facts, now: datetime
) -> Decision:
    """Pin the order to the version; already there is nothing. line: the history of the new path."""
    unmet = [*guards.status_is_as_expected(order, cmd), *guards.time_is_allowed(cmd, now)]
    version = cmd.path_version or line.latest
    path = facts.paths.get((cmd.path, version))
    if not order.exists:
        unmet = [*guards.order_exists(order, cmd.order_id), *unmet]
        unmet += _version_is_published(path, line, cmd)
        raise Refusal(*unmet, *guards.is_said("reason", cmd.reason, "A migration"))
    unmet += guards.path_is_pinned(order)
    unmet += guards.path_is_as_expected(order, cmd.expected_path)
    unmet += _version_is_published(path, line, cmd)
    if order.pinned == (cmd.path, version):
        if unmet:
            raise Refusal(*unmet)
        return {cmd.stream_id: []}
    unmet += guards.is_said("reason", cmd.reason, "A migration")
    if path is not None:
        unmet += _status_is_there(order, path, cmd, facts)
    if path is None or unmet:
        raise Refusal(*unmet)
    situation = Situation(
        cmd.order_id, order, path, cmd.actor, max(now, order.last_occurred_at or now), facts
    )
    event = _migrated(situation, cmd, version)
    if unmet := list(_success_is_earned(situation, event)):
        raise Refusal(*unmet)
    return _settled(cmd, situation, event)


def _migrated(situation: Situation, cmd: MigrateOrder, version: int) -> PathMigrated:
    order, path, facts = situation.order, situation.path, situation.facts
    status = order.status or ""
    target = cmd.mapping.get(status, status)
    entered = status in cmd.mapping or _meaning(facts.paths.get(order.pinned), status) != _meaning(
        path, target
    )
    return PathMigrated(
        from_path=order.path,
        from_version=order.path_version,
        path=cmd.path,
        path_version=version,
        from_status=status,
        to_status=target,
        entered=entered,
        deadlines=deadlines_of(path, target, situation.now, facts) if entered else (),
    )


def _settled(cmd: MigrateOrder, situation: Situation, event: PathMigrated) -> Decision:
    """Add that goods are given back if the order has ended. What entering does besides is left."""
    draft = Draft.of(situation)
    draft.add(event)
    whereabouts.settle(draft)
    if draft.unmet:
        raise Refusal(*draft.unmet)
    return {cmd.stream_id: draft.decided, **draft.stock_events}


def _version_is_published(
    path: OrderPath | None, line: PathLine, cmd: MigrateOrder
) -> Iterator[Unmet]:
    if path is None and line.latest:
        yield Unmet(
            code="path_version_unknown",
            field="path_version",
            message=f"The path {cmd.path} has no version {cmd.path_version}",
            needed=f"1 to {line.latest}",
        )
    else:
        yield from guards.path_is_published(path, cmd.path)


def _status_is_there(
    order: Order, path: OrderPath, cmd: MigrateOrder, facts: Facts
) -> Iterator[Unmet]:
    """Nobody ends, or gets lost, because nobody thought of it: such a status has to be mapped."""
    status = order.status
    if status is None:
        message, needed = "The order is in no status", "a move to where its path begins"
        yield Unmet(code="status_not_mapped", field="mapping", message=message, needed=needed)
        return
    target = cmd.mapping.get(status, status)
    pinned = facts.paths.get(order.pinned)
    was = pinned.statuses.get(status) if pinned else None
    closed = None if (was and was.final) or status in cmd.mapping else closing(path, status)
    if target not in path.statuses or closed == "final":
        is_so = "has no" if target not in path.statuses else "ends orders in the"
        yield Unmet(
            code="status_not_mapped",
            field="mapping",
            message=f"The path {path.path} {is_so} status {target}",
            needed=f"{status} mapped to one of " + ", ".join(path.statuses),
        )
    else:
        yield from status_is_active(path, target)


def _success_is_earned(situation: Situation, event: PathMigrated) -> Iterator[Unmet]:
    """No mapping makes a success of an order that no move could: what all of them ask holds."""
    path, target = situation.path, event.to_status
    if not event.entered or path.statuses[target].final != "success":
        return
    if _ending(situation.facts.paths.get(situation.order.pinned), event.from_status) == "success":
        return
    ways = [rule.guards for (_, to), rule in path.matrix.items() if to == target]
    asked = [guard for guard in ways[0] if all(guard in way for way in ways)] if ways else []
    yield from guards_hold(situation, tuple(asked))


def _ending(path: OrderPath | None, code: str) -> str | None:
    status = path.statuses.get(code) if path else None
    return status.final if status else None


def _meaning(path: OrderPath | None, code: str) -> tuple[object, ...]:
    """Say what a status is to the reports: with another meaning it is another status."""
    status = path.statuses.get(code) if path else None
    return (path and path.path, code, status and status.stage, status and status.final)
