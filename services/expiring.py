"""Gives back what is kept for orders beyond its time: `orderpath stock expire`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.messages import Actor, Outcome
from domain.orders.commands import ExpireReservations
from domain.orders.events import stream_of
from projections.reports.due_reservations import FIRST, DueOrder, list_due

if TYPE_CHECKING:
    from services.bootstrap import System

CLOCK: Final = Actor(kind="clock", id="orderpath")
AT_ONCE: Final = 500  # orders that are read, and asked, at a time
_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:expire_reservations")


@dataclass(frozen=True, slots=True)
class Expired:
    """What became of one order's reservations that were due."""

    order_id: UUID
    outcome: Outcome

    def as_dict(self) -> dict[str, Any]:
        """Give it with its stable keys."""
        outcome = self.outcome
        return {
            "order_id": str(self.order_id),
            "outcome": outcome.kind,
            "command_id": str(outcome.command_id),
            "version": outcome.versions.get(stream_of(self.order_id)),
            "unmet": [unmet.model_dump() for unmet in outcome.unmet],
            "repeated": outcome.repeated,
        }


def expire_reservations(system: "System", *, at_once: int = AT_ONCE) -> Iterator[Expired]:
    """Ask every order that has a due reservation, as the read model knows them, to give it back.

    Shape: one for each such order, by its id.
    """
    now, after = system.clock(), FIRST
    system.catch_up()
    while due := _next(system, now, after, at_once):
        answers = [(one.order_id, system.pipeline.submit(_command(one))) for one in due]
        yield from (Expired(order_id, answer.result()) for order_id, answer in answers)
        after = due[-1].order_id


def _next(system: "System", now: datetime, after: UUID, limit: int) -> list[DueOrder]:
    with system.lend("orderpath_projector") as connection, connection.cursor() as cursor:
        return list_due(cursor, now, after=after, limit=limit)


def _command(one: DueOrder) -> ExpireReservations:
    """The same order as it was before is asked for the same moment under the same id."""
    return ExpireReservations(
        command_id=uuid5(_NAMESPACE, f"{one.order_id}:{one.version}:{one.due_at}"),
        actor=CLOCK,
        source="clock",
        order_id=one.order_id,
    )
