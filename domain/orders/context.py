"""What conditions see of an order: each field is worked out when a condition names it.

The names and types stand in domain.paths.environment.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from domain.customers.customer import Customer
from domain.facts import Facts
from domain.messages import Actor
from domain.orders.documents import Document
from domain.orders.items import PIECE_STATUSES, Item
from domain.orders.ledger import Balance, balances, methods_of, payment_status
from domain.orders.order import Order
from domain.orders.shipments import Shipment
from domain.paths.conditional import compiled
from domain.paths.conditions import MAX_OPERATIONS, Answer, Condition, cost_for, evaluate
from domain.paths.path import OrderPath

Subject = TypeVar("Subject")
Fields = Mapping[str, Callable[[Subject], Any]]


@dataclass(slots=True)  # One for every command: a frozen one takes thrice the time.
class Situation:
    """An order at a moment, with who wants something done about it, and what may be looked at."""

    order_id: UUID
    order: Order
    path: OrderPath
    actor: Actor
    now: datetime
    facts: Facts = field(default_factory=Facts)
    placing: bool = False  # it is in no status yet
    budget: int = MAX_OPERATIONS  # of conditions that are asked together
    known: dict[str, Answer] = field(default_factory=dict, init=False, compare=False, repr=False)
    costs: dict[str, int] = field(default_factory=dict, init=False, compare=False, repr=False)
    groups: dict[tuple[str, ...], list[Answer]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def status(self) -> str | None:
        return None if self.placing else self.order.status

    def answers(self, conditions: Sequence[str]) -> list[Answer]:
        """Answer conditions by their sources, within the budget that they share.

        What they share it with is all that the answers depend on, not what was asked before.
        """
        group = tuple(conditions)
        if group not in self.groups:
            fits = self.cost(group) <= self.budget  # Then no answer depends on the others.
            asked = map(compiled, dict.fromkeys(group))
            found = self._evaluated(
                [one for one in asked if one.source not in self.known or not (fits or one.plain)]
            )
            if fits:
                self.known |= found
            self.groups[group] = [found[s] if s in found else self.known[s] for s in group]
        return self.groups[group]

    def foresee(self, conditions: Iterable[str]) -> None:
        """Answer many conditions together, which is cheaper; those that cost next to nothing, if
        all of them would exceed the budget.
        """
        asked = [compiled(one) for one in dict.fromkeys(conditions)]
        fits = self.cost([one.source for one in asked]) <= self.budget
        self.known |= self._evaluated([one for one in asked if fits or one.plain])

    def cost(self, conditions: Iterable[str]) -> int:
        """Say how many operations of the budget conditions take at most."""
        costs, context = self.costs, context_of(self)
        asked = [one for one in map(compiled, dict.fromkeys(conditions)) if not one.plain]
        costs |= {one.source: cost_for(one, context) for one in asked if one.source not in costs}
        return sum(costs[one.source] for one in asked)

    def _evaluated(self, conditions: Sequence[Condition]) -> dict[str, Answer]:
        answers = evaluate(conditions, context_of(self), self.budget)
        return dict(zip([one.source for one in conditions], answers, strict=True))


@dataclass(frozen=True, slots=True)
class _Record(Mapping[str, Any], Generic[Subject]):
    """A mapping whose values are worked out when they are asked for."""

    subject: Subject
    fields: Fields[Subject] = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name](self.subject)

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


def context_of(situation: Situation) -> Mapping[str, Any]:
    """Give the variables of the environment for one order."""
    return _Record(situation, _VARIABLES)


def _of_placement(name: str) -> Callable[[Situation], Any]:
    return lambda s: getattr(s.order.placed, name, None)


def _of_totals(name: str) -> Callable[[Situation], Any]:
    return lambda s: getattr(s.order.money, name)


def _detail(name: str) -> Callable[[Situation], Any]:
    return lambda s: s.order.field_value(name)


def _has(name: str) -> Callable[[Situation], bool]:
    return lambda s: bool(s.order.field_value(name))


def _stage(s: Situation) -> str | None:
    status = s.path.statuses.get(s.status or "")
    return status.stage if status else None


_ORDER: Final[Fields[Situation]] = {
    "path": lambda s: s.path.path,
    "status": lambda s: s.status,
    "stage": _stage,
    "external_id": lambda s: s.order.external_id,
    **{name: _of_placement(name) for name in ("order_type", "channel", "shop")},
    "currency": lambda s: s.order.currency,
    "total_minor": lambda s: s.order.due_minor,
    **{
        name: _of_totals(name)
        for name in ("goods_minor", "discount_minor", "delivery_minor", "vat_minor")
    },
    "paid_minor": lambda s: s.order.balance.paid_minor,
    "due_minor": lambda s: s.order.owed_minor,
    "refunded_minor": lambda s: s.order.balance.refunded_minor,
    "granted_minor": lambda s: s.order.balance.granted_minor,
    "payment_status": lambda s: s.order.payment_status,
    "refund_status": lambda s: s.order.refund_status,
    "items_status": lambda s: s.order.items_status,
    "customer_id": lambda s: s.order.customer_id,
    **{name: _detail(name) for name in ("delivery_method", "promised_at", "track_number")},
    "track_numbers": lambda s: " ".join(s.order.track_numbers),
    "has_address": _has("delivery_address"),
    "has_phone": _has("customer_phone"),
    "has_email": _has("customer_email"),
    "owner_user": lambda s: s.order.owner_user,
    "owner_group": lambda s: s.order.owner_group,
    "has_note": lambda s: s.order.noted,
    "calls": lambda s: s.order.calls,
    "test": lambda s: s.order.test,
    "placed_at": lambda s: s.order.placed_by[1][0] if s.order.placed_by else s.now,
    "entered_at": lambda s: s.order.timeline[-1].key[0] if s.order.timeline else s.now,
}


def _of_line(name: str) -> Callable[[Item], Any]:
    return lambda item: getattr(item.line, name)


def _pieces(status: str) -> Callable[[Item], int]:
    return lambda item: item.pieces.get(status, 0)


_LINE: Final = ("item_id", "sku", "title", "seller", "quantity", "unit_price_minor", "upsell")
_ITEM: Final[Fields[Item]] = {
    **{name: _of_line(name) for name in (*_LINE, "discount_minor")},
    **{status: _pieces(status) for status in PIECE_STATUSES},
}


@dataclass(frozen=True, slots=True)
class _Payment:
    """One payment of an order, as the ledger sums it."""

    payment_id: str
    method: str | None
    sums: Balance  # in the order's currency


_PAYMENT: Final[Fields[_Payment]] = {
    "payment_id": lambda p: p.payment_id,
    "method": lambda p: p.method,
    "amount_minor": lambda p: p.sums.submitted_minor,
    "authorised_minor": lambda p: p.sums.authorised_minor,
    "charged_minor": lambda p: p.sums.charged_minor,
    "refunded_minor": lambda p: p.sums.refunded_minor,
    "charged_back_minor": lambda p: p.sums.charged_back_minor,
    "status": lambda p: payment_status(p.sums, p.sums.submitted_minor or None),
}


def _payments(s: Situation) -> list[_Record[_Payment]]:
    methods = methods_of(s.order.ledger)
    return [
        _Record(_Payment(name, methods.get(name), sums), _PAYMENT)
        for name, sums in balances(s.order.ledger, s.order.currency).items()
    ]


_SHIPMENT: Final[Fields[Shipment]] = {
    "shipment_id": lambda shipment: shipment.shipment_id,
    "carrier": lambda shipment: shipment.carrier,
    "track_number": lambda shipment: shipment.track_number,
    "status": lambda shipment: shipment.status,
}

_DOCUMENT: Final[Fields[Document]] = {
    "kind": lambda document: document.kind,
    "number": lambda document: document.number,
    "status": lambda document: document.status,
}

_CUSTOMER: Final[Fields[Customer]] = {
    "customer_id": lambda customer: customer.subject_id,
    "tags": lambda customer: customer.tags,
    "marks": lambda customer: customer.marks,
}

_ACTOR: Final[Fields[Actor]] = {
    "kind": lambda actor: actor.kind,
    "id": lambda actor: actor.id,
    "roles": lambda actor: actor.roles,
}

_VARIABLES: Final[Fields[Situation]] = {
    "order": lambda s: _Record(s, _ORDER),
    "items": lambda s: [_Record(item, _ITEM) for item in s.order.items.values()],
    "payments": _payments,
    "shipments": lambda s: [_Record(one, _SHIPMENT) for one in s.order.shipments.values()],
    "documents": lambda s: [_Record(one, _DOCUMENT) for one in s.order.documents.values()],
    "customer": lambda s: _Record(s.facts.customer, _CUSTOMER) if s.facts.customer else None,
    "actor": lambda s: _Record(s.actor, _ACTOR),
    "now": lambda s: s.now,
}
