"""Conditions on what may happen to a customer. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator
from typing import Final

from domain.customers.customer import Customer
from domain.refusals import Unmet

MAX_TAGS: Final = 100  # of one customer
MAX_MARKS: Final = 20  # of one customer


def customer_exists(customer: Customer) -> Iterator[Unmet]:
    if not customer.exists:
        yield Unmet(
            code="customer_unknown",
            field="customer_id",
            message="There is no such customer",
            needed="create it first, or check the id",
        )


def customer_is_new(customer: Customer) -> Iterator[Unmet]:
    if customer.exists:
        yield Unmet(
            code="customer_exists",
            field="customer_id",
            message="There is such a customer already",
            needed="change the contact of this one, or another customer_id",
        )


def has_room_for_tag(customer: Customer) -> Iterator[Unmet]:
    if len(customer.tags) >= MAX_TAGS:
        yield Unmet(
            code="too_many_tags",
            field="tag",
            message=f"The customer bears {len(customer.tags)} tags",
            needed=f"at most {MAX_TAGS}: remove one first",
        )


def has_room_for_mark(customer: Customer) -> Iterator[Unmet]:
    if len(customer.marks) >= MAX_MARKS:
        yield Unmet(
            code="too_many_marks",
            field="mark",
            message=f"The customer bears {len(customer.marks)} marks",
            needed=f"at most {MAX_MARKS}: remove one first",
        )
