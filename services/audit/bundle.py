"""What auditors take along: events with proofs and the head that they lead to, in one file."""

from typing import TYPE_CHECKING

from services.reading import find_order

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_EVENTS: int = 100_000  # of one bundle


def positions_of(system: "System", what: str) -> list[int]:
    """Give the positions of an order's events, or the one that is named itself."""
    if what.strip().isdecimal() and len(what.strip()) < 19:
        return [int(what)]
    order_id = find_order(system, what)
    return system.audit.positions_of(f"order-{order_id}", MOST_EVENTS)
