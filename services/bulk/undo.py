"""Taking a batch back: every order that it moved is asked to go back where it came from."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from domain.bulk import Batch, BatchOrder, command_id_of
from domain.messages import Outcome
from domain.orders.commands import ChangeStatus
from domain.orders.events import PathMigrated, StatusChanged, stream_of
from domain.orders.migration import MigrateOrder
from domain.refusals import Unusable
from services.bootstrap import System
from services.bulk.batches import accepted

_Move = StatusChanged | PathMigrated

# Commands that another one takes back.
UNDONE: Final = frozenset({ChangeStatus.NAME, MigrateOrder.NAME})


def ways_back(system: System, batch: Batch) -> Iterator[BatchOrder]:
    """Give each order that the batch changed, with what takes that back.

    It holds only for an order that is still where the batch left it; its path decides the rest.
    Raises: Unusable if no command takes back what the batch did
    """
    if batch.command not in UNDONE:
        raise Unusable(f"what {batch.command} did is not taken back by a batch")
    for some in accepted(system, batch):
        before = {stream_of(order_id): _version_before(order_id, o) for order_id, o in some}
        events = system.log.load(before) if before else {}
        for order_id, _ in some:
            command_id = command_id_of(batch.batch_id, order_id)
            moves = [
                recorded.event
                for recorded in events[stream_of(order_id)]
                if recorded.command_id == command_id
                and isinstance(recorded.event, StatusChanged | PathMigrated)
            ]
            if moves and moves[0].from_status is not None:  # Into no status there is no way.
                yield BatchOrder(order_id, _back(moves[0], moves[-1]))


def _version_before(order_id: UUID, outcome: Outcome) -> int:
    """Give a version that the order had before the command, or an earlier one."""
    return max(outcome.versions.get(stream_of(order_id), 0) - outcome.events, 0)


def _back(first: _Move, last: _Move) -> Mapping[str, Any]:
    """Say what brings an order back: one command may have moved it several times."""
    if isinstance(first, StatusChanged):
        return {"to_status": first.from_status, "expected_status": last.to_status}
    return {
        "path": first.from_path,
        "path_version": first.from_version,
        "mapping": {first.to_status: first.from_status} if first.entered else {},
        "expected_status": last.to_status,
        "expected_path": (first.path, first.path_version),
    }
