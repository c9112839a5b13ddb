"""Says which streams whoever is answered reaches, as far as a chain of causes may tell of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from domain.customers.events import customer_of
from domain.sights import seen_by
from services.customers import is_stranger
from services.reading import is_seen_order, sees_all_orders
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System

OF_ORDER: Final = frozenset({"order", "attempt", "timer"})  # they bear its id
ABOUT_ORDER: Final = frozenset({"alert", "effect", "enquiry", "task"})  # or about none
# Of all shops, and about nobody.
OF_ALL: Final = frozenset(
    {
        "calendar", "delivery_method", "discount", "path", "product", "rule", "selection",
        "series", "stock", "team", "template",
    }
)  # fmt: skip


def reached_streams(system: "System") -> Callable[[str], bool]:
    """Give what says of a stream whether it is reached; each is looked at once."""
    known: dict[str, bool] = {}

    def is_reached(stream: str) -> bool:
        if stream not in known:
            known[stream] = sees_all_orders() or _is_reached(system, stream)
        return known[stream]

    return is_reached


def _is_reached(system: "System", stream: str) -> bool:
    category, _, entity = stream.partition("-")
    if category in OF_ORDER:
        return is_seen_order(system, UUID(entity))
    if category == "customer":
        return not is_stranger(system, customer_of(stream) or "")
    if category in ABOUT_ORDER:
        with seen_by(None):  # It is looked at here, and shown to nobody.
            events = events_of(system.log, stream)
        return all(_is_about_reached(system, one.event) for one in events)
    return category in OF_ALL


def _is_about_reached(system: "System", event: Any) -> bool:
    """Whether an event of a task, alert, message or enquiry is about nothing out of reach."""
    order_id = getattr(event, "order_id", None)
    if order_id is not None and not is_seen_order(system, order_id):
        return False
    person = getattr(event, "customer", None) or getattr(event, "to", None)
    whose = getattr(person, "customer_id", None)
    return order_id is not None or whose is None or not is_stranger(system, whose)
