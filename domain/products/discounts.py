"""Discounts in force, as one list with the stream `discount-all`: an order reads it whole.

A discount goes off the lines of an article or a category, or off whole orders. Asked by
domain.products.pricing, which says which one counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Final, assert_never, cast

from pydantic import AfterValidator, Field

from domain.guards import no_status_is_expected
from domain.hints import one_of
from domain.messages import Code, Command, Decided, Event, Happened, Moment, Name, Shape
from domain.orders.currencies import known_currency
from domain.orders.guards import time_is_allowed
from domain.orders.money import MAX_MINOR, Currency, Minor, part_of
from domain.products.listing import put, take
from domain.products.product import Product
from domain.refusals import Refusal, Unmet

STREAM: Final = "discount-all"
MAX_DISCOUNTS: Final = 200  # that were not ended; every order that takes a price looks at all


class Discount(Shape):
    """So much off something, from a moment on and up to another one."""

    code: Code
    title: Name | None = None
    sku: Name | None = None  # of this article
    category: Name | None = None  # of the products of this category; neither: of whole orders
    percent_bp: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None  # 1000 = 10 %
    amount_minor: Annotated[int, Field(strict=True, ge=1, le=MAX_MINOR)] | None = None  # a piece
    currency: Currency | None = None  # of amount and minimum: only orders in it
    minimum_minor: Minor | None = None  # what it is off must cost so much before all discounts
    valid_from: Moment | None = None  # None: from when it is set
    valid_until: Moment | None = None  # at that moment it is over; None: until it is ended

    @property
    def is_of_order(self) -> bool:
        return self.sku is None and self.category is None

    def is_of(self, sku: str, product: Product) -> bool:
        """Whether it goes off lines with this article."""
        if self.category is None:
            return self.sku == sku
        return self.category == product.category

    def holds(self, currency: str, now: datetime) -> bool:
        """Whether an order in this currency may have it now."""
        begun = self.valid_from is None or self.valid_from <= now
        over = self.valid_until is not None and self.valid_until <= now
        return begun and not over and self.currency in (None, currency)

    def off(self, cost_minor: int, pieces: int) -> int:
        """Say what comes off goods: at most what they cost."""
        if self.percent_bp is not None:
            return min(part_of(cost_minor, self.percent_bp), MAX_MINOR)
        return min((self.amount_minor or 0) * pieces, cost_minor, MAX_MINOR)


def _coherent(discount: Discount) -> Discount:
    if discount.sku is not None and discount.category is not None:
        raise ValueError("name an article or a category, not both")
    if (discount.percent_bp is None) == (discount.amount_minor is None):
        raise ValueError("say a percentage or an amount")
    if discount.currency is not None:
        known_currency(discount.currency)
    elif (discount.amount_minor, discount.minimum_minor) != (None, None):
        raise ValueError("amounts need a currency")
    return discount


class DiscountSet(Event):
    """Fact: this discount is given, instead of an earlier one of its code."""

    NAME: ClassVar[str] = "discount.set.v1"

    discount: Discount  # valid_from is always said


class DiscountEnded(Event):
    """Fact: the discount is given no more."""

    NAME: ClassVar[str] = "discount.ended.v1"

    code: Code


DiscountEvent = DiscountSet | DiscountEnded


class DiscountCommand(Command):
    """A command to the list of discounts."""

    @property
    def stream_id(self) -> str:
        return STREAM


class SetDiscount(DiscountCommand):
    """Give a discount."""

    NAME: ClassVar[str] = "discount.set"

    discount: Annotated[Discount, AfterValidator(_coherent)]


class EndDiscount(DiscountCommand):
    """Give a discount no more."""

    NAME: ClassVar[str] = "discount.end"

    code: Code


@dataclass(frozen=True, slots=True)
class Discounts:
    """The list as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    given: Mapping[str, Discount] = field(default_factory=dict)  # by code
    ended: tuple[str, ...] = ()  # codes, those that ended last
    subject_id: str | None = None  # a discount belongs to no person

    def evolve(self, happened: Happened) -> "Discounts":
        """Give the list after one more event."""
        event = cast(DiscountEvent, happened.event)
        match event:
            case DiscountSet(discount=discount):
                given, ended = put(self.given, self.ended, discount.code, discount)
            case DiscountEnded(code=code):
                given, ended = take(self.given, self.ended, code)
            case _:
                assert_never(event)
        return Discounts(happened.version, happened.occurred_at, given, ended)


def decide(discounts: Discounts, cmd: SetDiscount | EndDiscount, now: datetime) -> list[Decided]:
    """Decide a command. What is so already is nothing.

    Raises: Refusal with every unmet condition
    """
    unmet = [*no_status_is_expected(cmd, "A discount"), *time_is_allowed(cmd, now)]
    match cmd:
        case SetDiscount(discount=discount):
            events, more = _set(discounts, discount, now)
        case EndDiscount(code=code):
            events, more = _end(discounts, code)
        case _:
            assert_never(cmd)
    if unmet or more:
        raise Refusal(*unmet, *more)
    return [Decided(event, now) for event in events]


def _set(discounts: Discounts, wanted: Discount, now: datetime) -> tuple[list[Event], list[Unmet]]:
    known = discounts.given.get(wanted.code)
    if known is not None and known == _beginning(wanted, known.valid_from or now):
        return [], []
    discount = _beginning(wanted, now)
    unmet = []
    if discount.valid_until is not None and discount.valid_until <= max(
        discount.valid_from or now, now
    ):
        unmet.append(
            Unmet(
                code="discount_over",
                field="discount.valid_until",
                message=f"The discount {discount.code} would be over before it begins",
                needed="a moment that has not come, behind valid_from",
            )
        )
    if known is None and len(discounts.given) >= MAX_DISCOUNTS:
        message = f"{len(discounts.given)} discounts are given already"
        needed = f"at most {MAX_DISCOUNTS}: end some"
        unmet.append(Unmet(code="too_many_discounts", message=message, needed=needed))
    return [DiscountSet(discount=discount)], unmet


def _beginning(wanted: Discount, otherwise: datetime) -> Discount:
    return wanted.model_copy(update={"valid_from": wanted.valid_from or otherwise})


def _end(discounts: Discounts, code: str) -> tuple[list[Event], list[Unmet]]:
    if code in discounts.given:
        return [DiscountEnded(code=code)], []
    if code in discounts.ended:
        return [], []
    message = f"There is no discount {code}"
    needed = one_of(sorted(discounts.given), "set it first")
    return [], [Unmet(code="discount_unknown", field="code", message=message, needed=needed)]
