"""decide: from a state and a command to events, or to a refusal that names everything unmet.

An empty list means: already so. Runs once per command, in services.pipeline.
"""

from datetime import datetime
from typing import Any, assert_never, cast

from domain.facts import Facts
from domain.messages import Decided, Verdict
from domain.orders import commands as c
from domain.orders import decide_items as items
from domain.orders import decide_moves as moves
from domain.orders import decide_payments as payments
from domain.orders import events as e
from domain.orders import guards
from domain.orders.deadlines import deadlines_of
from domain.orders.decide_facts import record_facts
from domain.orders.field_guards import field_may_be_edited
from domain.orders.fields import FIELDS
from domain.orders.identity import fact_id_in
from domain.orders.money import add_up, check_totals
from domain.orders.order import Order
from domain.orders.starting import first_status, placed_payment
from domain.paths.line import PathLine
from domain.paths.path import OrderPath
from domain.refusals import Refusal, Unmet

Decision = list[Decided]


def place(order: Order, line: PathLine, cmd: c.PlaceOrder, facts: Facts, now: datetime) -> Decision:
    """Create the order on the latest version of its path. The same order again is refused."""
    unmet = [
        *guards.status_is_as_expected(order, cmd),
        *guards.time_is_allowed(cmd, now),
    ]
    if order.exists:
        unmet.append(
            Unmet(
                code="order_exists",
                field="order_id",
                message=f"The order {cmd.order_id} exists already",
                needed="another order_id; to repeat a command, send its command_id again",
            )
        )
    path = facts.paths.get((cmd.path, line.path_version))
    unmet += guards.path_is_published(path, cmd.path)
    unmet += guards.items_stand_once(cmd.lines)
    totals = add_up(
        cmd.lines,
        discount_minor=cmd.discount_minor,
        delivery_minor=cmd.delivery_minor,
        vat_included=cmd.vat_included,
    )
    unmet += check_totals(cmd.lines, totals, cmd.stated)
    if path is None or unmet:
        raise Refusal(*unmet)
    at = cmd.occurred_at or now
    paid = placed_payment(cmd, totals)
    asked = {name: getattr(cmd, name) for name in _PLACED_AS_ASKED}
    asked |= {"path_version": line.path_version, "totals": totals}
    status = path.initial[0].status
    if path.initial[0].when is not None:
        placed = e.OrderPlaced(**asked, status=status)
        status = first_status(path, [placed, *paid], cmd.actor, at)
    event = e.OrderPlaced(**asked, status=status, deadlines=deadlines_of(path, status, at, facts))
    return [Decided(one, at) for one in (event, *paid)]


_PLACED_AS_ASKED = tuple(
    name
    for name in c.PlaceOrder.model_fields
    if name in e.OrderPlaced.model_fields and name not in c.OrderCommand.model_fields
)


def decide(order: Order, cmd: c.OrderCommand, facts: Facts, now: datetime) -> Decision:
    """Decide a command on an existing order (or RecordFacts, which may be its first)."""
    if isinstance(cmd, c.RecordFacts):
        return record_facts(order, cmd, facts, now)
    unmet = [
        *guards.status_is_as_expected(order, cmd),
        *guards.time_is_allowed(cmd, now),
    ]
    if not order.exists:
        raise Refusal(*guards.order_exists(order, cmd.order_id), *unmet)
    if cmd.FOLLOWS_PATH and _path_of(order, facts) is None:
        unmet = [*guards.path_is_pinned(order), *unmet]
    # A fact may be minutes ahead of our clock: what is decided now comes after it.
    at = cmd.occurred_at or max(now, order.last_occurred_at or now)
    events, more = _verdict(order, cast(c.Change, cmd), facts, at)
    if unmet or more:
        raise Refusal(*unmet, *more)
    if guards.tells_fact(cmd):
        return [Decided(event, at, fact_id_in(cmd.command_id, event.NAME)) for event in events]
    return [Decided(event, at) for event in events]


# One branch per command: all that may be asked of an order on one page, the frequent first.
def _verdict(order: Order, cmd: c.Change, facts: Facts, at: datetime) -> Verdict:
    path = _path_of(order, facts)
    match cmd:
        case c.ChangeStatus():
            return moves.move(order, cmd, path, facts, at)
        case c.IncomingPayment():
            return payments.take(order, cmd)
        case c.ReturnedPayment():
            return payments.give_back(order, cmd)
        case c.SubmitPayment():
            return payments.submit(order, cmd)
        case c.ItemCommand():
            return items.decide(order, cmd, path)
        case c.CancelOrder():
            return moves.cancel(order, cmd, path, facts, at)
        case c.ApproveMove():
            return moves.approve(order, cmd, path)
        case c.ChangeFields():
            return _change_fields(order, cmd, path)
        case c.AssignOwner():
            return _assign_owner(order, cmd)
        case c.AddNote():
            return [e.NoteAdded(text=cmd.text)], []
        case c.MarkTest():
            return ([] if order.test == cmd.test else [e.TestFlagChanged(test=cmd.test)]), []
        case c.CorrectFact():
            return _correct(order, cmd)
        case _:
            assert_never(cmd)


def _path_of(order: Order, facts: Facts) -> OrderPath | None:
    """The version that the order is pinned to; None while only items or payments are known."""
    return facts.paths.get((order.path, order.path_version))


def _change_fields(order: Order, cmd: c.ChangeFields, path: OrderPath | None) -> Verdict:
    unmet = list(guards.not_final(order, path))
    if not cmd.wanted:
        message = "No field is named that should change"
        needed = "one of " + ", ".join(FIELDS)
        return [], [*unmet, Unmet(code="nothing_to_change", message=message, needed=needed)]
    changed = [n for n in cmd.wanted if getattr(cmd, n) != order.field_value(n)]
    if not changed:
        return [], []
    values: dict[str, Any] = {name: getattr(cmd, name) for name in changed}
    if path is not None:
        for name in changed:
            unmet += field_may_be_edited(order, path, cmd.actor, name)
    return [e.FieldsChanged(changed=tuple(changed), **values)], unmet


def _assign_owner(order: Order, cmd: c.AssignOwner) -> Verdict:
    if (cmd.user, cmd.group) == (order.owner_user, order.owner_group):
        return [], []
    event = e.OwnerAssigned(
        user=cmd.user,
        group=cmd.group,
        previous_user=order.owner_user,
        previous_group=order.owner_group,
    )
    return [event], []


def _correct(order: Order, cmd: c.CorrectFact) -> Verdict:
    """Annul a fact. Twice is nothing new: the fact no longer counts."""
    if cmd.version in order.annulled:
        return [], []
    unmet: list[Unmet] = []
    name = order.correctable.get(cmd.version)
    if name is None:
        unmet.append(
            Unmet(
                code="fact_not_correctable",
                field="version",
                message=f"Event {cmd.version} of the order is no fact that stands",
                needed="one of " + (", ".join(map(str, order.correctable)) or "none"),
            )
        )
    unmet += guards.is_said("reason", cmd.reason, "A correction")
    if unmet:
        return [], unmet
    event = e.FactAnnulled(
        annulled_version=cmd.version, annulled_type=name or "", reason=cmd.reason or ""
    )
    return [event], []
