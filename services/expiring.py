"""Gives back what is kept for orders beyond its time: `orderpath stock expire`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from domain.messages import Outcome
from domain.orders.events import stream_of
from domain.refusals import InfraError
from projections.reports.due import Ask
from services.due import Due, DueReservations

if TYPE_CHECKING:
    from services.bootstrap import System

AT_ONCE: Final = 500  # orders that are read, and asked, at a time


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

    Shape:  one for each such order, the longest due first.
    Raises: InfraError, behind all others if it is about orders that cannot be read
    """
    system.catch_up()
    ask = Ask(system.clock(), at_once)
    damaged: InfraError | None = None
    while due := _next(system, ask):
        answers = [(one.order_id, system.pipeline.submit(one.command)) for one in due]
        for order_id, answer in answers:
            error = answer.exception()
            if isinstance(error, InfraError) and error.stream_id is not None:
                damaged = damaged or error
            else:
                yield Expired(order_id, answer.result())
        ask = replace(ask, after=due[-1].place)
    if damaged is not None:
        raise damaged


def _next(system: "System", ask: Ask) -> Sequence[Due]:
    with system.lend("orderpath_projector") as connection, connection.cursor() as cursor:
        return DueReservations().list_due(cursor, ask)
