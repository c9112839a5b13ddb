"""What was changed of the contact on an order is of who was its customer then."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Event
from domain.orders import events as e
from domain.orders.contact import is_of_another
from domain.orders.order import Order
from domain.public.order_state import state_of
from services.order_view import view_of
from tests.support.examples import NOW
from tests.support.placements import annulled, placed_by
from tests.support.spec import Stored

ADDRESS = "1 Elm Street"
CHANGED = e.FieldsChanged(
    changed=("customer_name", "customer_phone", "customer_email", "delivery_address"),
    customer_name="Anna",
    customer_phone="+49 30 1",
    customer_email="anna@example.org",
    delivery_address=ADDRESS,
)
PAID: Any = {"method": "card", "amount_minor": 100, "currency": "EUR"}


def order_of(*events: Event | tuple[str | None, int]) -> Order:
    """Fold events; a pair is the fact that a customer placed the order so many hours before now."""
    order = Order()
    for version, one in enumerate(events, 1):
        order = order.evolve(_stored(one, version))
    return order


def _stored(one: Event | tuple[str | None, int], version: int) -> Stored:
    if isinstance(one, Event):
        return Stored(one, version, NOW)
    customer_id, hours = one
    return Stored(
        placed_by(customer_id), version, NOW - timedelta(hours=hours), fact_id=UUID(int=version)
    )


def contact(order: Order) -> set[str]:
    """Name the details of the contact that are known, and see that all who show them agree."""
    known = {name for name in CHANGED.changed if order.field_value(name) is not None}
    shown, view = state_of(order, UUID(int=1), 1, None, personal=True), view_of(order, UUID(int=1))
    assert (shown.contact is None) == (not known)
    assert (view["customer"]["email"] is None) == ("customer_email" not in known)
    return known


ALL = {*CHANGED.changed}


def test_an_order_that_another_customer_is_found_to_have_placed_has_none_of_the_former_one() -> (
    None
):
    assert contact(order_of(("c-7", 1), CHANGED)) == ALL
    assert contact(order_of(("c-7", 1), CHANGED, ("c-8", 2))) == set()
    assert contact(order_of(("c-7", 1), CHANGED, annulled(1), ("c-8", 1))) == set()


def test_an_order_that_lost_its_customer_has_none_of_the_contact() -> None:
    assert contact(order_of(("c-7", 1), CHANGED, annulled(1))) == set()


def test_the_contact_is_there_again_as_soon_as_the_customer_is() -> None:
    """An annulled fact is as if it had never been told."""
    assert contact(order_of(("c-7", 1), CHANGED, ("c-8", 2), annulled(3))) == ALL


def test_a_guest_who_becomes_a_customer_keeps_the_contact_and_nobody_after_has_it() -> None:
    assert contact(order_of((None, 1), CHANGED, ("c-7", 2))) == ALL
    assert contact(order_of((None, 1), CHANGED, ("c-7", 2), ("c-8", 3))) == set()
    assert contact(order_of((None, 1), CHANGED, ("c-7", 2), annulled(3))) == ALL


def test_what_a_guest_told_is_of_the_customer_whatever_was_told_wrongly_between() -> None:
    assert contact(order_of((None, 1), CHANGED, ("c-8", 2), annulled(3), ("c-7", 2))) == ALL


def test_what_was_changed_once_an_order_lost_its_customer_is_of_no_other_one() -> None:
    """It is sealed as data of the one that it lost, and erased with theirs."""
    lost = (("c-7", 1), annulled(1), CHANGED)

    assert contact(order_of(*lost)) == ALL
    assert contact(order_of(*lost, ("c-7", 1))) == ALL
    assert contact(order_of(*lost, ("c-8", 1))) == set()


@pytest.mark.parametrize("next_one", ["c-8", None])
def test_what_a_guest_told_goes_with_the_placement_of_the_guest(next_one: str | None) -> None:
    """An annulled fact is as if it had never been told; an earlier one tells who the guest is."""
    assert contact(order_of((None, 1), CHANGED, annulled(1))) == set()
    assert contact(order_of((None, 1), CHANGED, annulled(1), (next_one, 1))) == set()
    assert contact(order_of((None, 1), CHANGED, (next_one, 2))) == ALL


@pytest.mark.parametrize("next_one", ["c-8", None])
def test_what_was_changed_once_an_order_lost_its_guest_is_of_no_other_one(
    next_one: str | None,
) -> None:
    lost = ((None, 1), annulled(1), CHANGED)

    assert contact(order_of(*lost)) == ALL
    assert contact(order_of(*lost, (next_one, 1))) == set()
    assert contact(order_of(*lost, (next_one, 1), annulled(4))) == set()
    assert is_of_another(order_of(*lost), order_of(*lost, (next_one, 1)))
    assert not is_of_another(order_of(*lost), order_of(*lost))


@pytest.mark.parametrize("next_one", ["c-8", None])
def test_what_was_changed_before_anybody_was_told_of_is_of_whoever_is(next_one: str | None) -> None:
    wrong = ((None, 1), annulled(2))

    assert contact(order_of(CHANGED, (next_one, 1))) == ALL
    assert contact(order_of(CHANGED, *wrong, (next_one, 1))) == ALL
    assert not is_of_another(order_of(CHANGED), order_of(CHANGED, *wrong, (next_one, 1)))


def test_a_guest_has_nothing_of_who_was_the_customer_before_and_leaves_them_nothing() -> None:
    lost = (("c-7", 1), annulled(1))

    assert contact(order_of(*lost, CHANGED, (None, 1))) == set()
    assert contact(order_of(*lost, (None, 1), CHANGED)) == ALL
    assert contact(order_of(*lost, (None, 1), annulled(3), CHANGED, ("c-7", 1))) == set()
    guest = order_of(*lost, (None, 1))
    assert not is_of_another(guest, guest)
    assert is_of_another(guest, order_of(*lost, (None, 1), annulled(3), ("c-7", 1)))


def test_what_a_guest_told_is_there_again_once_an_earlier_placement_is_annulled() -> None:
    other = e.FieldsChanged(changed=("customer_email",), customer_email="gina@example.org")
    order = order_of((None, 1), CHANGED, (None, 2), other)
    assert order.field_value("customer_email") == "gina@example.org"

    order = order_of((None, 1), CHANGED, (None, 2), other, annulled(3))
    assert order.field_value("customer_email") == "anna@example.org"


def test_each_customer_has_what_was_changed_for_them() -> None:
    other = e.FieldsChanged(changed=("customer_email",), customer_email="boris@example.org")
    order = order_of(("c-7", 1), CHANGED, ("c-8", 2), other, annulled(3))

    assert contact(order) == ALL
    assert order.field_value("customer_email") == "anna@example.org"


def test_what_was_changed_last_counts_also_while_nobody_was_the_customer() -> None:
    later = e.FieldsChanged(changed=("customer_email",), customer_email="anna@example.net")
    order = order_of(("c-7", 1), CHANGED, annulled(1), later, ("c-7", 1))

    assert contact(order) == ALL
    assert order.field_value("customer_email") == "anna@example.net"


@pytest.mark.parametrize("told", [("c-3", "c-8"), ("c-8", "c-3")])
def test_whose_a_guests_contact_is_does_not_depend_on_which_fact_came_first(
    told: tuple[str, str],
) -> None:
    paid = (e.PaymentSubmitted(payment_id=one, customer_id=one, **PAID) for one in told)
    order = order_of((None, 1), CHANGED, *paid)

    assert order.customer_id == "c-3"
    assert contact(order) == ALL


def test_what_is_changed_for_the_new_customer_counts() -> None:
    email = e.FieldsChanged(changed=("customer_email",), customer_email="boris@example.org")
    order = order_of(("c-7", 1), CHANGED, ("c-8", 2), email)

    assert contact(order) == {"customer_email"}
    assert order.field_value("customer_email") == "boris@example.org"
