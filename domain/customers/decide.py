"""decide: from a customer and a wish to events, or to everything that stands against it.

An empty list means: already so. services.pipeline decides commands here.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never, cast

from domain.customers import commands as c
from domain.customers import events as e
from domain.customers import guards
from domain.customers.customer import Customer
from domain.guards import no_status_is_expected
from domain.messages import Decided, Event, Verdict
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal, Unmet


def decide(customer: Customer, cmd: c.CustomerCommand, now: datetime) -> list[Decided]:
    """Decide a command. Raises: Refusal with every unmet condition."""
    unmet = [*no_status_is_expected(cmd, "A customer"), *time_is_allowed(cmd, now)]
    if not _is_there(customer, cmd):
        raise Refusal(*guards.customer_exists(customer), *unmet)
    events, more = _verdict(customer, cast(c.CustomerWish, cmd))
    if unmet or more:
        raise Refusal(*unmet, *more)
    at = max(now, customer.last_occurred_at or now)
    return [Decided(event, at) for event in events]


def _is_there(customer: Customer, cmd: c.CustomerCommand) -> bool:
    """Whether there is whom the command is to. Whom orders alone tell of can be erased, too."""
    if isinstance(cmd, c.EraseCustomer):
        return customer.version > 0 or cmd.holds_keys
    return customer.exists or isinstance(cmd, c.CreateCustomer)


def _verdict(customer: Customer, cmd: c.CustomerWish) -> Verdict:
    match cmd:
        case c.CreateCustomer():
            told = {name: getattr(cmd, name) for name in cmd.told}
            created = e.CustomerCreated(customer_id=cmd.customer_id, **told)
            return _unless(guards.customer_is_new(customer), created)
        case c.ChangeContact():
            return _change_contact(customer, cmd), []
        case c.AddTag(tag=tag):
            if tag in customer.tags:
                return [], []
            return _unless(guards.has_room_for_tag(customer), e.TagAdded(tag=tag))
        case c.RemoveTag(tag=tag):
            return ([e.TagRemoved(tag=tag)] if tag in customer.tags else []), []
        case c.SetMark(mark=mark, reason_code=why):
            if mark in customer.marks:
                return [], []
            marked = e.MarkSet(mark=mark, reason_code=why)
            return _unless(guards.has_room_for_mark(customer), marked)
        case c.RemoveMark(mark=mark, reason_code=why):
            removed = e.MarkRemoved(mark=mark, reason_code=why)
            return ([removed] if mark in customer.marks else []), []
        case c.NoteCustomer(text=text):
            return [e.CustomerNoted(text=text)], []
        case c.EraseCustomer(customer_id=whose, reason_code=why):
            erased = e.CustomerErased(customer_id=whose, reason_code=why, orders=cmd.orders)
            return ([erased] if cmd.holds_keys or cmd.names_more else []), []
        case _:
            assert_never(cmd)


def _unless(unmet: Iterable[Unmet], event: Event) -> Verdict:
    against = list(unmet)
    return ([], against) if against else ([event], [])


def _change_contact(customer: Customer, cmd: c.ChangeContact) -> list[Event]:
    changed = tuple(n for n in cmd.told if getattr(cmd, n) != customer.contact.get(n))
    if not changed:
        return []
    return [e.ContactChanged(changed=changed, **{name: getattr(cmd, name) for name in changed})]
