"""What tests of batches do: place some orders, ask them all, look where they are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from domain.bulk import Batch, BatchOrder, OrderResult
from domain.messages import Actor, Recorded
from domain.orders.commands import ChangeStatus
from domain.orders.events import stream_of
from services.bootstrap import System
from services.bulk.batches import begin, known_batch, run
from services.bulk.rehearsal import rehearse
from services.bulk.undo import ways_back
from services.reading import order_now
from tests.support.examples import actor
from tests.support.loads import move, place


def batch(to_status: str = "confirmed", **changes: Any) -> Batch:
    """A wish to move orders, by a person without roles."""
    told: dict[str, Any] = {
        "batch_id": uuid4(),
        "command": ChangeStatus.NAME,
        "body": {"to_status": to_status},
        "selection": {},
        "actor": actor(),
        "source": "cli",
        "reason": "because",
    }
    return Batch(**told | changes)


@dataclass(frozen=True, slots=True)
class Shop:
    """A system, and how its orders are asked."""

    system: System

    def place(self, number: int, *moves: str, **body: Any) -> list[UUID]:
        """Place orders and move each along."""
        ids = [uuid4() for _ in range(number)]
        commands = [place(order_id, **body) for order_id in ids]
        commands += [move(order_id, to) for to in moves for order_id in ids]  # type: ignore[misc]
        for future in [self.system.pipeline.submit(command) for command in commands]:
            assert future.result().kind == "accepted", future.result()
        return ids

    def rehearse(self, wish: Batch, ids: Iterable[UUID]) -> list[OrderResult]:
        return list(rehearse(self.system, wish, list(map(BatchOrder, ids))))

    def ask(self, wish: Batch, ids: Iterable[UUID]) -> list[OrderResult]:
        """Begin a batch, or go on with it, and run it to its end."""
        begun = begin(self.system, wish, lambda: list(map(BatchOrder, ids)))
        return [] if begun is None else list(run(self.system, begun))

    def undo(self, batch_id: UUID, **changes: Any) -> list[OrderResult]:
        """Take a batch back by another one."""
        undone = known_batch(self.system, batch_id)
        told: dict[str, Any] = {"command": undone.command, "body": {}, "undoes": batch_id}
        back = begin(
            self.system,
            batch(**told | changes),
            lambda: list(ways_back(self.system, undone)),
        )
        return [] if back is None else list(run(self.system, back))

    def statuses(self, ids: Iterable[UUID]) -> Counter[str | None]:
        return Counter(order_now(self.system, order_id).status for order_id in ids)

    def events(self, order_id: UUID) -> list[Recorded]:
        stream = stream_of(order_id)
        return self.system.log.load({stream: 0})[stream]


def kinds(results: Sequence[OrderResult]) -> Counter[str]:
    return Counter(result.kind for result in results)


def codes(result: OrderResult) -> list[str]:
    return [unmet.code for unmet in result.unmet]


def somebody(*roles: str) -> Actor:
    return actor("user", *roles)
