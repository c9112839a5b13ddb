"""What the clock's questions have in common: which due things they ask for, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

PARTS: Final = tuple(range(16))  # into which the clock divides the orders

Place = tuple[datetime, UUID, str]  # due_at, order, which of its things: in this order they come
BEGIN: Final[Place] = (datetime.min.replace(tzinfo=UTC), UUID(int=0), "")  # before all of them

# Condition on a table with the column order_id.
IN_PARTS: Final[LiteralString] = "get_byte(uuid_send(order_id), 15) & 15 = any(%(parts)s)"


def part_of(order_id: UUID) -> int:
    """Give the part that an order is in, as IN_PARTS has it."""
    return order_id.bytes[15] & 15


@dataclass(frozen=True, slots=True)
class Ask:
    """Which due things are asked for; they come in due order."""

    now: datetime  # what is due later is not
    limit: int
    parts: Sequence[int] = PARTS
    after: Place = BEGIN  # only what comes behind; always a value, for which an index serves

    @property
    def parameters(self) -> dict[str, Any]:
        """Give them by name, as the questions call them."""
        due_at, order_id, which = self.after
        return {
            "now": self.now,
            "limit": self.limit,
            "parts": list(self.parts),
            "due_at": due_at,
            "order_id": order_id,
            "which": which,
        }
