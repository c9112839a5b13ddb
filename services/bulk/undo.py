"""Taking a batch back: every order that it moved is asked to go back where it came from."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from domain.bulk import Batch, BatchOrder, command_id_of
from domain.messages import Event, Outcome
from domain.orders.commands import ChangeStatus
from domain.orders.events import PathMigrated, StatusChanged, stream_of
from domain.orders.migration import MigrateOrder
from domain.refusals import Unusable
from services.bootstrap import System
from services.bulk.batches import accepted

UNDONE: Final = frozenset(
    {ChangeStatus.NAME, MigrateOrder.NAME}
)  # commands that another one takes back


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
            for recorded in events[stream_of(order_id)]:
                if recorded.command_id == command_id and (back := _back(recorded.event)):
                    yield BatchOrder(order_id, back)


def _version_before(order_id: UUID, outcome: Outcome) -> int:
    """Give a version that the order had before the command, or an earlier one."""
    return max(outcome.versions.get(stream_of(order_id), 0) - outcome.events, 0)


def _back(event: Event) -> Mapping[str, Any] | None:
    match event:
        case StatusChanged(from_status=came_from, to_status=went_to):
            return {"to_status": came_from, "expected_status": went_to}
        case PathMigrated(from_status=came_from, to_status=went_to) as migrated:
            return {
                "path": migrated.from_path,
                "path_version": migrated.from_version,
                "mapping": {went_to: came_from} if migrated.entered else {},
                "expected_status": went_to,
            }
        case _:
            return None
