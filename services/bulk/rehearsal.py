"""A rehearsal: what a batch would do, decided as the pipeline decides it, and not stored."""

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Final, cast

from domain.bulk import Batch, BatchOrder, OrderResult
from domain.catalog import streams_of
from domain.orders.commands import OrderCommand
from services.bootstrap import System
from services.bulk.batches import AT_ONCE, command_of
from services.command_queue import Pending
from services.rounds import Decider, Round
from services.states import StateCache

REMEMBERED: Final = 20_000  # streams: what one order leaves behind, such as stock, others see


def rehearse(system: System, batch: Batch, orders: Sequence[BatchOrder]) -> Iterator[OrderResult]:
    """Give what each order would answer now, in the batch's order."""
    cache = StateCache(REMEMBERED)
    decider = Decider(cache)
    for start in range(0, len(orders), AT_ONCE):
        trial = Round()
        pendings = [_pending(system, batch, one) for one in orders[start : start + AT_ONCE]]
        decider.prepare(system.log, trial, pendings, None, fresh=False)
        for pending in pendings:
            yield _tried(system, decider, trial, pending)
        cache.keep(trial.states)


def _tried(system: System, decider: Decider, trial: Round, pending: Pending) -> OrderResult:
    order_id = cast(OrderCommand, pending.command).order_id
    if decider.decide(system.log, trial, pending) is not None:
        return OrderResult(order_id, "failed")
    answer = trial.answers[-1]
    assert answer.kind != "conflict", "commands of a batch expect no version"
    return OrderResult(order_id, answer.kind, tuple(answer.unmet))


def _pending(system: System, batch: Batch, order: BatchOrder) -> Pending:
    command = command_of(batch, order)
    return Pending(command, b"", system.clock(), monotonic(), streams_of(command))
