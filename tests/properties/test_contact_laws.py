"""Laws of the contact on an order: no person has what was changed for another one, and whoever is
the customer has what was changed for them last, in whatever order placements are told and annulled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Event
from domain.orders import events as e
from domain.orders.contact import is_of_another
from domain.orders.order import Order
from tests.support.examples import NOW
from tests.support.placements import annulled, placed_by
from tests.support.spec import Stored

PAID: Any = {"method": "card", "amount_minor": 100, "currency": "EUR"}

# Who an order is of: ("customer", id), ("guest", version of the placement), ("nobody yet", None);
# ("lost customer", id) and ("lost guest", version) once the last placement of it is annulled.
Person = tuple[str, Any]


@dataclass
class Told:
    """A history in plain words, beside the order that it makes."""

    order: Order = field(default_factory=Order)
    standing: dict[int, tuple[int, str | None]] = field(default_factory=dict)  # (hours, customer)
    payers: set[str] = field(default_factory=set)
    lost: Person = ("nobody yet", None)
    sealed_as: str | None = None  # the last customer
    changes: list[tuple[str, Person, str | None]] = field(default_factory=list)

    @property
    def person(self) -> Person:
        first = max(
            self.standing, key=lambda version: (self.standing[version][0], -version), default=None
        )
        placed = self.standing[first][1] if first else None
        if customer := placed or min(self.payers, default=None):
            return "customer", customer
        return ("guest", first) if first else self.lost

    @property
    def customers(self) -> set[str]:
        """Who is told to be the customer; of several who paid, one is."""
        placed = {customer for _, customer in self.standing.values() if customer}
        return placed | {*sorted(self.payers)[:1]}

    def tell(self, event: Event, hours: int = 0, *, fact: bool = False) -> int:
        version = self.order.version + 1
        fact_id = UUID(int=version) if fact else None
        at = NOW - timedelta(hours=hours)
        self.order = self.order.evolve(Stored(event, version, at, fact_id=fact_id))
        return version

    def place(self, customer_id: str | None, hours: int) -> None:
        version = self.tell(placed_by(customer_id), hours, fact=True)
        self.standing[version] = hours, customer_id

    def annul(self, version: int) -> None:
        self.tell(annulled(version))
        _, customer = self.standing.pop(version)
        if not self.standing:
            self.lost = ("lost customer", customer) if customer else ("lost guest", version)

    def change(self) -> None:
        email = f"{len(self.changes)}@example.org"
        self.changes.append((email, self.person, self.sealed_as))
        self.tell(e.FieldsChanged(changed=("customer_email",), customer_email=email))

    def pay(self, customer_id: str) -> None:
        paid = e.PaymentSubmitted(
            payment_id=str(self.order.version), customer_id=customer_id, **PAID
        )
        self.tell(paid)
        self.payers.add(customer_id)

    def settle(self) -> None:
        kind, who = self.person
        if kind == "customer":
            self.sealed_as = who

    def counts(self, then: Person, sealed_as: str | None) -> bool:
        """Say of a change for one person whether who has the order now may have it."""
        (kind, who), (is_now, now) = then, self.person
        if kind in ("customer", "lost guest"):
            return then == self.person
        if kind == "guest" and who not in self.standing:
            return False
        if is_now == "customer":
            return sealed_as in (None, now) and self.customers == {now}
        return then == self.person if kind == "lost customer" else True


History = tuple[Told, Sequence[tuple[Order, Person]]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw what becomes of an order; give what was told, and at each step the order and of whom."""
    told = Told()
    orders: list[tuple[Order, Person]] = []
    for _ in range(draw(st.integers(1, 12))):
        step = draw(st.sampled_from(["place", "annul", "change", "change", "pay"]))
        if step == "place":
            told.place(draw(st.sampled_from([None, None, "c-7", "c-8"])), draw(st.integers(1, 3)))
        elif step == "annul" and told.standing:
            told.annul(draw(st.sampled_from(sorted(told.standing))))
        elif step == "pay" and draw(st.integers(0, 3)) == 0:
            told.pay(draw(st.sampled_from(["c-7", "c-8"])))
        else:
            told.change()
        told.settle()
        orders.append((told.order, told.person))
    return told, orders


@settings(max_examples=300)
@given(histories())
def test_whoever_has_the_order_has_what_was_changed_last_for_them_and_nothing_of_others(
    history: History,
) -> None:
    told, _ = history
    theirs = [email for email, then, sealed in told.changes if told.counts(then, sealed)]

    assert told.order.field_value("customer_email") == (theirs[-1] if theirs else None)


@settings(max_examples=300)
@given(histories())
def test_whom_an_order_was_of_is_another_one_unless_the_same_customer_or_placement_has_it_now(
    history: History,
) -> None:
    told, before = history
    for order, (kind, who) in before:
        if kind == "guest":
            first = told.order.placed_by
            same = first is not None and first == order.placed_by
        elif "customer" in kind:
            same = told.person == ("customer", who)
        else:
            same = kind == "nobody yet" or told.person == (kind, who)
        assert is_of_another(order, told.order) == (not same)
