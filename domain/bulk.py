"""A batch: one wish for many orders, which are chosen once and asked one by one.

The id of each order's command follows from batch and order, so a batch that died is simply
started again: whoever was asked before is answered as before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID, uuid5

from domain.messages import Actor
from domain.refusals import Unmet

MAX_ORDERS = 100_000  # of one batch; the table of batches says so too


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is asked of every order, by whom and why."""

    batch_id: UUID
    command: str  # its stored name
    body: Mapping[str, Any]  # what all its commands say, as JSON values
    selection: Mapping[str, Any]  # how the orders were chosen, as JSON values
    actor: Actor
    source: str
    reason: str | None = None
    is_erased: bool = False  # its reason, with a person that it may have been about
    undoes: UUID | None = None  # the batch that this one takes back
    orders: int = 0
    begun_at: datetime | None = None  # None: not begun
    finished_at: datetime | None = None

    def asks_like(self, other: "Batch") -> bool:
        """Whether both ask the same; which orders and when does not count, nor does a reason that
        was erased.
        """
        is_told = not (self.is_erased or other.is_erased)
        return self._asked == other._asked and (self.reason == other.reason or not is_told)

    @property
    def _asked(self) -> tuple[object, ...]:
        wish = (self.command, self.body, self.selection)
        return (*wish, self.actor, self.source, self.undoes)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """One order of a batch, with what only its command says."""

    order_id: UUID
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of one order; `failed`: a fault of ours, which stores nothing."""

    order_id: UUID
    kind: Literal["accepted", "refused", "nothing", "failed"]
    unmet: tuple[Unmet, ...] = ()
    repeated: bool = False  # it was answered before


def command_id_of(batch_id: UUID, order_id: UUID) -> UUID:
    """Give the id of the command that a batch sends to an order."""
    return uuid5(batch_id, str(order_id))


class BatchStore(Protocol):
    """The port through which batches are kept. infra.batch_store is the one behind it."""

    def begin(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        """Keep a batch with its orders, all or nothing; one that is known stays as it is."""

    def find(self, batch_id: UUID) -> Batch | None:
        """Give a batch that has begun."""

    def orders(self, batch_id: UUID, after: int, limit: int) -> list[BatchOrder]:
        """Give its orders in their order, those behind the first `after`."""

    def subjects_about(self, orders: Sequence[UUID]) -> list[str]:
        """Name the subjects of the keys that seal reasons of batches in which orders are."""

    def finish(self, batch_id: UUID) -> None:
        """Note that every order was asked."""

    def latest(self, limit: int) -> Iterable[Batch]:
        """Give the batches that have orders and began last, the newest first."""
