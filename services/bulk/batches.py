"""A batch from its begin to its end: some hundred commands in flight, one result for each order.

Used by everything that asks many orders the same: moves, migrations, and what takes them back.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from threading import Event as Signal
from typing import Final
from uuid import UUID

import structlog

from domain.batch import StoredOutcome
from domain.bulk import Batch, BatchOrder, OrderResult, command_id_of
from domain.catalog import COMMANDS
from domain.messages import Command, Outcome
from domain.refusals import InfraError, Unusable
from services.bootstrap import System

AT_ONCE: Final = 256  # orders that are read, and looked up, together
IN_FLIGHT: Final = 512  # commands
BREATH_SECONDS: Final = 0.05  # before a full pipeline is asked again

_Flying = deque[tuple[UUID, Future[Outcome]]]

log_ = structlog.get_logger()


def begin(system: System, batch: Batch, choose: Callable[[], Sequence[BatchOrder]]) -> Batch | None:
    """Freeze the orders that are chosen; a batch that has begun goes on with those that it has.

    Gives the batch as it is kept; None, and keeps nothing, if no order is chosen.
    Raises: Unusable if another batch has this id
    """
    known = _begun(system, batch)
    if known is not None:
        return known
    orders = choose()
    return _frozen(system, batch, orders) if orders else None


def begin_with_any(
    system: System, batch: Batch, choose: Callable[[], Sequence[BatchOrder]]
) -> Batch:
    """Freeze the orders that are chosen, though it be none, for whoever chooses at once: the first
    to freeze them says which they are. Raises: Unusable if another batch has this id
    """
    return _begun(system, batch) or _frozen(system, batch, choose())


def _frozen(system: System, batch: Batch, orders: Sequence[BatchOrder]) -> Batch:
    system.batches.begin(batch, orders)
    begun = _begun(system, batch)
    assert begun is not None, "a batch that has begun is kept"
    return begun


def _begun(system: System, batch: Batch) -> Batch | None:
    known = system.batches.find(batch.batch_id)
    if known is not None and not known.asks_like(batch):
        raise other_wish(batch.batch_id)
    if known is not None and known.is_erased:
        return replace(known, reason=batch.reason)  # It is told again, for those not asked yet.
    return known


def other_wish(batch_id: UUID) -> Unusable:
    """Give what refuses to go on with a batch that was begun as another one."""
    return Unusable(
        f"batch {batch_id} was begun with another wish, actor or reason: "
        "repeat it as it was, or leave its id out"
    )


def known_batch(system: System, batch_id: UUID) -> Batch:
    """Give a batch that has begun. Raises: Unusable"""
    batch = system.batches.find(batch_id)
    if batch is None:
        raise Unusable(f"there is no batch {batch_id}: `order bulk list` names them")
    return batch


def command_of(batch: Batch, order: BatchOrder) -> Command:
    """Build the command that a batch sends to an order."""
    said = {} if batch.reason is None else {"reason": batch.reason}
    envelope = {
        "command_id": command_id_of(batch.batch_id, order.order_id),
        "correlation_id": batch.batch_id,
        "actor": batch.actor,
        "source": batch.source,
        "order_id": order.order_id,
    }
    return COMMANDS[batch.command].model_validate({**envelope, **said, **batch.body, **order.body})


def run(system: System, batch: Batch) -> Iterator[OrderResult]:
    """Ask every order of a batch that has begun; give the results in the batch's order.

    Raises: InfraError; the same batch may then be run again
    """
    with system.pipeline.flood.sparing(batch.batch_id):
        yield from _asked(system, batch)
    system.batches.finish(batch.batch_id)


def _asked(system: System, batch: Batch) -> Iterator[OrderResult]:
    flying: _Flying = deque()
    for orders in _pages(system, batch):
        known = _known(system, batch, orders)
        for order in orders:
            while len(flying) >= IN_FLIGHT:
                yield _landed(flying)
            command = command_of(batch, order)
            if (answer := known.get(command.command_id)) is not None:
                flying.append((order.order_id, _done(answer.outcome)))
                continue
            while (future := _submitted(system, command)) is None:
                if flying:
                    yield _landed(flying)
                else:
                    Signal().wait(BREATH_SECONDS)
            flying.append((order.order_id, future))
    while flying:
        yield _landed(flying)


def results(system: System, batch: Batch) -> Iterator[OrderResult]:
    """Look up what became of the orders of a batch; those that were not asked are left out."""
    for orders in _pages(system, batch):
        known = _known(system, batch, orders)
        for order in orders:
            answer = known.get(command_id_of(batch.batch_id, order.order_id))
            if answer is not None:
                yield OrderResult(order.order_id, answer.outcome.kind, answer.outcome.unmet)


def accepted(system: System, batch: Batch) -> Iterator[Sequence[tuple[UUID, Outcome]]]:
    """Give the orders that a batch changed, some at a time."""
    for orders in _pages(system, batch):
        known = _known(system, batch, orders)
        answers = ((one.order_id, command_id_of(batch.batch_id, one.order_id)) for one in orders)
        yield [
            (order_id, known[command_id].outcome)
            for order_id, command_id in answers
            if command_id in known and known[command_id].outcome.kind == "accepted"
        ]


def _pages(system: System, batch: Batch) -> Iterator[list[BatchOrder]]:
    done = 0
    while orders := system.batches.orders(batch.batch_id, done, AT_ONCE):
        yield orders
        done += len(orders)


def _known(
    system: System, batch: Batch, orders: Sequence[BatchOrder]
) -> Mapping[UUID, StoredOutcome]:
    """Look up who was answered before: faster than asking the pipeline."""
    return system.log.load_outcomes([command_id_of(batch.batch_id, o.order_id) for o in orders])


def _submitted(system: System, command: Command) -> Future[Outcome] | None:
    """Queue a command; None: too many are waiting already."""
    try:
        return system.pipeline.submit(command)
    except InfraError as error:
        if error.code != "overloaded":
            raise
        return None


def _landed(flying: _Flying) -> OrderResult:
    order_id, future = flying.popleft()
    error = future.exception()
    if error is None:
        return _result(order_id, future.result())
    if isinstance(error, InfraError):
        if error.stream_id is None:
            raise error
        log_.error(  # It alone cannot be read. Who says the same batch again asks it again.
            "stream_damaged",
            stream_id=error.stream_id,
            code=error.code,
            message=str(error),
            by="batch",
        )
    return OrderResult(order_id, "failed")


def _result(order_id: UUID, outcome: Outcome) -> OrderResult:
    return OrderResult(order_id, outcome.kind, outcome.unmet, outcome.repeated)


def _done(outcome: Outcome) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future
