"""How long reserved pieces are kept. A shop states it as data; these are the defaults."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, field_validator

from domain.messages import Name, Shape
from domain.paths.durations import Duration

CASH_ON_DELIVERY: Final = "cod"
MAX_KEPT: Final = timedelta(days=365)

_BY_METHOD: Final[dict[str, timedelta | None]] = {
    "card": timedelta(hours=1),  # paid at once, or given up
    "transfer": timedelta(days=3),  # banks take their time
}

Kept = Annotated[Duration, Field(ge=timedelta(seconds=1), le=MAX_KEPT)] | None  # None: for good


class ExpiryPolicy(Shape):
    """How long goods wait for their money, by the method of payment.

    Who pays at the door has nothing to pay before: cash on delivery waits for good, always.
    """

    by_method: Annotated[dict[Name, Kept], Field(max_length=100)] = _BY_METHOD
    otherwise: Kept = timedelta(days=1)

    @field_validator("by_method")
    @classmethod
    def _cash_on_delivery_never_expires(cls, limits: dict[str, Kept]) -> dict[str, Kept]:
        if limits.get(CASH_ON_DELIVERY) is not None:
            raise ValueError(f"{CASH_ON_DELIVERY} never expires: leave it out")
        return limits


DEFAULT_EXPIRY: Final = ExpiryPolicy()


def reservation_expiry(
    method: str | None, now: datetime, policy: ExpiryPolicy = DEFAULT_EXPIRY
) -> datetime | None:
    """Say until when pieces that are reserved now are kept, None: for good.

    method: of the order's payment; None: nobody has said yet how it will be paid.
    """
    if method == CASH_ON_DELIVERY:
        return None
    kept = policy.by_method.get(method, policy.otherwise) if method else policy.otherwise
    return None if kept is None else now + kept
