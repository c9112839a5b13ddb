"""Ways in which goods travel and what that costs: one list, stream `delivery_method-all`.

Asked by domain.products.pricing for an order that names a method and leaves its price out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Final, assert_never, cast

from pydantic import AfterValidator

from domain.guards import no_status_is_expected
from domain.hints import one_of
from domain.messages import Code, Command, Decided, Event, Happened, Name, Shape
from domain.orders.currencies import known_currency
from domain.orders.guards import time_is_allowed
from domain.orders.money import Currency, Minor
from domain.products.listing import put, take
from domain.refusals import Refusal, Unmet

STREAM: Final = "delivery_method-all"
MAX_METHODS: Final = 100


class DeliveryMethod(Shape):
    """A way in which goods travel."""

    code: Code
    title: Name | None = None
    price_minor: Minor
    currency: Currency
    free_from_minor: Minor | None = None  # goods that cost so much after all discounts; None: never

    def price_for(self, goods_minor: int) -> int:
        """Say what it costs for goods that cost so much after all discounts."""
        is_free = self.free_from_minor is not None and goods_minor >= self.free_from_minor
        return 0 if is_free else self.price_minor


def _in_known_currency(method: DeliveryMethod) -> DeliveryMethod:
    known_currency(method.currency)
    return method


class DeliveryMethodSet(Event):
    """Fact: goods can travel so, at this price from now on."""

    NAME: ClassVar[str] = "delivery_method.set.v1"

    method: DeliveryMethod


class DeliveryMethodEnded(Event):
    """Fact: goods travel so no more."""

    NAME: ClassVar[str] = "delivery_method.ended.v1"

    code: Code


DeliveryMethodEvent = DeliveryMethodSet | DeliveryMethodEnded


class DeliveryMethodCommand(Command):
    """A command to the list of delivery methods."""

    @property
    def stream_id(self) -> str:
        return STREAM


class SetDeliveryMethod(DeliveryMethodCommand):
    """Let goods travel so, or at another price."""

    NAME: ClassVar[str] = "delivery_method.set"

    method: Annotated[DeliveryMethod, AfterValidator(_in_known_currency)]


class EndDeliveryMethod(DeliveryMethodCommand):
    """Let goods travel so no more."""

    NAME: ClassVar[str] = "delivery_method.end"

    code: Code


@dataclass(frozen=True, slots=True)
class DeliveryMethods:
    """The list as of its last event. Immutable: evolve gives a new one."""

    version: int = 0
    last_occurred_at: datetime | None = None
    given: Mapping[str, DeliveryMethod] = field(default_factory=dict)  # by code
    ended: tuple[str, ...] = ()  # codes, those that ended last
    subject_id: str | None = None  # a method belongs to no person

    def evolve(self, happened: Happened) -> "DeliveryMethods":
        """Give the list after one more event."""
        event = cast(DeliveryMethodEvent, happened.event)
        match event:
            case DeliveryMethodSet(method=method):
                given, ended = put(self.given, self.ended, method.code, method)
            case DeliveryMethodEnded(code=code):
                given, ended = take(self.given, self.ended, code)
            case _:
                assert_never(event)
        return DeliveryMethods(happened.version, happened.occurred_at, given, ended)


def decide(
    methods: DeliveryMethods, cmd: SetDeliveryMethod | EndDeliveryMethod, now: datetime
) -> list[Decided]:
    """Decide a command. What is so already is nothing.

    Raises: Refusal with every unmet condition
    """
    unmet = [*no_status_is_expected(cmd, "A delivery method"), *time_is_allowed(cmd, now)]
    events: list[Event] = []
    match cmd:
        case SetDeliveryMethod(method=method):
            if methods.given.get(method.code) != method:
                events.append(DeliveryMethodSet(method=method))
            if method.code not in methods.given and len(methods.given) >= MAX_METHODS:
                message = f"There are {len(methods.given)} delivery methods already"
                needed = f"at most {MAX_METHODS}: end some"
                unmet.append(Unmet(code="too_many_methods", message=message, needed=needed))
        case EndDeliveryMethod(code=code):
            if code in methods.given:
                events.append(DeliveryMethodEnded(code=code))
            elif code not in methods.ended:
                unmet.append(unlisted(methods.given, code, "code"))
        case _:
            assert_never(cmd)
    if unmet:
        raise Refusal(*unmet)
    return [Decided(event, now) for event in events]


def unlisted(given: Mapping[str, DeliveryMethod], code: str | None, where: str) -> Unmet:
    """Say that goods do not travel so, or to an address by no method, and how they do."""
    needed = one_of(sorted(given), "set it first")
    if code is None:
        why = "Goods that go to an address need a delivery method"
        return Unmet(code="delivery_method_required", field=where, message=why, needed=needed)
    why = f"There is no delivery method {code}"
    return Unmet(code="delivery_method_unknown", field=where, message=why, needed=needed)
