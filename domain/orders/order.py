"""The order's state and how events change it. evolve never refuses and looks nothing up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, assert_never, cast
from uuid import UUID

from domain.messages import Happened
from domain.orders import events as e
from domain.orders import item_history as h
from domain.orders.agreements import agreement_behind
from domain.orders.contact import Contact, changed_by, changed_contact, follow_customer
from domain.orders.documents import Documents, after_document
from domain.orders.fields import FieldValue, placed_with
from domain.orders.fingerprint import fingerprint
from domain.orders.items import INITIAL, Item, items_status
from domain.orders.ledger import (
    Balance,
    LedgerEntry,
    PaymentStatus,
    RefundStatus,
    balance,
    owed_minor,
    payment_status,
    refund_status,
)
from domain.orders.money import Totals
from domain.orders.parts import MAX_HELD, Approval, Held, Kept, Placement, without_placement
from domain.orders.shipments import Shipments, after_shipment, track_numbers
from domain.orders.time_limit import NO_LIMIT, TimeLimit, limit_after
from domain.orders.timeline import Entry, TimelineKey, insert, key_of, without
from domain.orders.told_beside import told_by, told_without
from domain.orders.totals import totals_of

_NAMING: Final = frozenset({"placed", "told_customer_id"})  # tell whose order it is
_NUMBERED: Final = frozenset({"timeline", "fields", "shipments"})  # tell of track numbers


@dataclass(frozen=True)
class Order:
    """One order as of its last event. Immutable: evolve gives a new one.

    Without slots, because copying one __dict__ is five times faster than dataclasses.replace.
    """

    version: int = 0
    last_occurred_at: datetime | None = None
    placed: e.OrderPlaced | None = None
    placed_by: tuple[bool, TimelineKey] | None = None  # (is a fact, its key); the least counts
    placements: tuple[Placement, ...] = ()  # all that facts tell of, the one that counts too
    lost_guest: TimelineKey | None = None  # the last placement to be annulled, if of a guest
    told_external_id: str | None = None  # beside the placement: the least of what is told
    told_customer_id: str | None = None
    subject_id: str | None = None  # whose personal data its events hold from now on
    subjects: frozenset[str] = frozenset()  # whose they ever held: a correction names another one
    path: str = ""
    path_version: int = 0
    timeline: tuple[Entry, ...] = ()
    limit: TimeLimit = NO_LIMIT  # of the status that it was moved into last
    approval: Approval | None = None
    items: Mapping[str, Item] = field(default_factory=dict)
    item_histories: Mapping[str, h.ItemHistory] = field(default_factory=dict)  # shaped by facts
    goods: Mapping[str, Kept] = field(default_factory=dict)  # by item, of those the stock knows of
    totals: Totals | None = None  # as decided; None: facts shaped items, add them up
    ledger: tuple[LedgerEntry, ...] = ()
    voided: tuple[LedgerEntry, ...] = ()  # annulled: the gateway may tell of them again
    shipments: Shipments = field(default_factory=dict)
    numbers_had: frozenset[tuple[str | None, str]] = frozenset()  # (status, track number), earlier
    documents: Documents = field(default_factory=dict)
    fields: Mapping[str, FieldValue] = field(default_factory=dict)  # changed after placing
    contact: Contact = field(default_factory=dict)  # of these, what is of persons
    owner_user: str | None = None
    owner_group: str | None = None
    held: tuple[Held, ...] = ()  # by whom before, the latest last
    calls: int = 0  # logged, whatever came of them
    test: bool = False
    noted: bool = False  # somebody wrote something about it
    facts: Mapping[UUID, int] = field(default_factory=dict)  # id -> fingerprint of what it said
    correctable: Mapping[int, str] = field(default_factory=dict)  # version -> stored name
    annulled: frozenset[int] = frozenset()  # versions

    @property
    def exists(self) -> bool:
        return self.version > 0

    @property
    def pinned(self) -> tuple[str, int]:
        """The path that it follows and its version; ("", 0) while neither is known."""
        return self.path, self.path_version

    @property
    def status(self) -> str | None:
        """The status of the latest entry in timeline order; None before the first."""
        return self.timeline[-1].status if self.timeline else None

    @property
    def currency(self) -> str | None:
        """As placed; until that is known, the one that all items have, else all payments."""
        if self.placed is not None:
            return self.placed.currency
        items = {item.currency for item in self.items.values() if item.currency is not None}
        told = items or {entry.currency for entry in self.ledger}
        return told.pop() if len(told) == 1 else None

    @property
    def external_id(self) -> str | None:
        """Its number in its source, told as customer_id is."""
        return (self.placed and self.placed.external_id) or self.told_external_id

    @property
    def customer_id(self) -> str | None:
        """Whose order it is: as the placement that counts tells, else as other facts do."""
        return (self.placed and self.placed.whose) or self.told_customer_id

    @property
    def money(self) -> Totals:
        """What the order costs now and what that is made of."""
        return self.totals or totals_of(self, self.items)

    @property
    def due_minor(self) -> int:
        """What the order costs now, in minor units."""
        return self.money.total_minor

    @property
    def balance(self) -> Balance:
        """The money that counts: in another currency nothing of the order is paid."""
        return balance(self.ledger, self.currency)

    @property
    def owed_minor(self) -> int:
        """What is still to pay, in minor units; below zero: so much more is with us."""
        return owed_minor(self.balance, self.due_minor)

    @property
    def payment_status(self) -> PaymentStatus:
        anything = any(item.live_quantity for item in self.items.values())
        return payment_status(self.balance, self.due_minor if anything else None)

    @property
    def refund_status(self) -> RefundStatus:
        return refund_status(self.balance)

    @property
    def items_status(self) -> str:
        return items_status(self.items.values())

    def field_value(self, name: str) -> FieldValue:
        """Give a detail as it is now: the last change, else what the order was placed with. Of the
        contact a change counts while the order has the customer that it had then.
        """
        if name in self.fields:
            return self.fields[name]
        if (changed := changed_contact(self, name)) is not None:
            return changed.value
        return None if self.placed is None else placed_with(self.placed, name)

    @property
    def track_numbers(self) -> tuple[str, ...]:
        return track_numbers(cast(str | None, self.field_value("track_number")), self.shipments)

    def evolve(self, happened: Happened) -> "Order":
        """Give the order after one more event."""
        event = cast(e.OrderEvent, happened.event)
        changes = _changes(self, event, happened)
        latest = self.last_occurred_at
        at = happened.occurred_at
        if not _NUMBERED.isdisjoint(changes) and (had := self.track_numbers):
            changes["numbers_had"] = self.numbers_had.union((self.status, one) for one in had)
        if self.approval is not None and "approval" not in changes:
            changes["approval"] = agreement_behind(self.approval, self.version, happened)
        changes["version"] = happened.version
        changes["last_occurred_at"] = at if latest is None or at > latest else latest
        if happened.fact_id is not None:
            said = fingerprint(event, happened.occurred_at)
            changes["facts"] = {**self.facts, happened.fact_id: said}
            if event.NAME in e.CORRECTABLE:
                changes["correctable"] = {**self.correctable, happened.version: event.NAME}
        after = object.__new__(Order)
        after.__dict__.update(self.__dict__)
        after.__dict__.update(changes)
        if not _NAMING.isdisjoint(changes):
            follow_customer(after)
        return after


# One branch per event of the catalog: the whole history of an order on one page.
def _changes(order: Order, event: e.OrderEvent, happened: Happened) -> dict[str, Any]:
    match event:
        case e.StatusChanged():
            entered = _entered(order, happened, event.to_status, 0)
            return entered | {"limit": limit_after(order.limit, event, happened)}
        case e.StatusRecorded():
            entered = _entered(order, happened, event.to_status, event.rank)
            pinned = _pinned(order, event.path, event.path_version)
            return entered | pinned | told_by(order, event)
        case e.OrderPlaced():
            return _placed(order, event, happened)
        case e.ItemAdded() | e.ItemChanged() | e.ItemStatusChanged():
            return _item_shaped(order, event, happened)
        case e.PathMigrated(path=path, path_version=version):
            pinned = {"path": path, "path_version": version}
            if not event.entered:
                return pinned
            entered = _entered(order, happened, event.to_status, 0)
            return entered | pinned | {"limit": limit_after(order.limit, event, happened)}
        case e.DeadlineEvent():
            return {"limit": limit_after(order.limit, event, happened)}
        case e.PaymentSubmitted() | e.PaymentEvent() | e.RefundGranted():
            entry = e.entry_of(event, happened.version)
            return {"ledger": (*order.ledger, entry), **told_by(order, event)}
        case e.ShipmentEvent():
            return {"shipments": after_shipment(order.shipments, event, happened)}
        case e.DocumentEvent():
            return {"documents": after_document(order.documents, event)}
        case e.FieldsChanged():
            return changed_by(order, {name: getattr(event, name) for name in event.changed})
        case e.ReservationChanged(item_id=item_id):
            kept = Kept(event.sku, event.kept, event.committed, event.missing)
            return {"goods": {**order.goods, item_id: kept}}
        case e.OwnerAssigned(user=user, group=group):
            held = (*order.held, Held(order.owner_user, order.owner_group, happened.occurred_at))
            return {"owner_user": user, "owner_group": group, "held": held[-MAX_HELD:]}
        case e.CallLogged():
            return {"calls": order.calls + 1}
        case e.TestFlagChanged():
            return {"test": event.test}
        case e.MoveApproved():
            who = (event.approved_by, event.on_behalf_of)
            return {"approval": Approval(event.to_status, *who, happened.version)}
        case e.FactAnnulled():
            return _annulled(order, event.annulled_version)
        case e.NoteAdded():
            return {"noted": True}
        case e.SourceStatusNoted() | e.OverrideUsed():
            return {}
        case _:
            assert_never(event)


def _entered(order: Order, happened: Happened, status: str, rank: int) -> dict[str, Any]:
    key = key_of(happened.occurred_at, happened.version, rank, happened.fact_id)
    return {"timeline": insert(order.timeline, Entry(key, happened.version, status))}


def _pinned(order: Order, path: str, path_version: int) -> dict[str, Any]:
    return {} if order.path else {"path": path, "path_version": path_version}


def _placed(order: Order, event: e.OrderPlaced, happened: Happened) -> dict[str, Any]:
    """Of several placements a decided one counts, else the earliest, whichever came first."""
    key = key_of(happened.occurred_at, happened.version, event.rank, happened.fact_id)
    changes: dict[str, Any] = {
        "timeline": insert(order.timeline, Entry(key, happened.version, event.status))
    }
    changes |= _pinned(order, event.path, event.path_version)
    if event.whose is not None:
        changes["subjects"] = order.subjects | {event.whose}
    is_fact = happened.fact_id is not None
    if is_fact:
        changes["placements"] = (*order.placements, Placement(happened.version, key, event))
    placed_by = (is_fact, key)
    if order.placed_by is not None and order.placed_by < placed_by:
        return changes
    changes["placed"] = event
    changes["limit"] = limit_after(order.limit, event, happened)
    changes["placed_by"] = placed_by
    changes["items"] = {**order.items} | {
        line.item_id: Item(line, {INITIAL: line.quantity}, key=key) for line in event.lines
    }
    changes["totals"] = event.totals or order.totals
    changes["test"] = event.test or order.test
    return changes


def _item_shaped(order: Order, event: h.ItemEvent, happened: Happened) -> dict[str, Any]:
    told = h.ItemTelling(happened.version, _key_of(happened), event)
    changes: dict[str, Any] = h.with_telling(order.items, order.item_histories, told)
    changes["totals"] = None if changes["item_histories"] else event.totals or order.totals
    return changes


def _key_of(happened: Happened) -> TimelineKey:
    return key_of(happened.occurred_at, happened.version, 0, happened.fact_id)


def _annulled(order: Order, version: int) -> dict[str, Any]:
    """Let the order be as if that fact had never been told. Path and whose data it holds stay."""
    return {
        "timeline": without(order.timeline, version),
        "ledger": tuple(entry for entry in order.ledger if entry.version != version),
        "voided": (*order.voided, *(one for one in order.ledger if one.version == version)),
        "correctable": {v: name for v, name in order.correctable.items() if v != version},
        "annulled": order.annulled | {version},
        **without_placement(order.placements, order.placed_by, version),
        **told_without(order, version),
        **h.without_fact(order.items, order.item_histories, version),
    }
