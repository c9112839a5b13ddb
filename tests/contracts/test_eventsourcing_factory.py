"""The `eventsourcing` library builds our recorders and mapper from an environment."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    EventStore,
    InfrastructureFactory,
    NotSupportedError,
    StoredEvent,
    TrackingRecorder,
)

from domain.batch import NewEvent
from domain.messages import Decided
from infra.factory import Factory
from infra.mapper import EventMapper, LibraryEvent, LibraryRecorded
from infra.recorder import PostgresRecorder
from infra.snapshots import SnapshotRecorder
from tests.support.examples import EVENTS, NOW


@pytest.fixture
def factory(database_url: str) -> Iterator[InfrastructureFactory[TrackingRecorder]]:
    env = {"PERSISTENCE_MODULE": "infra.factory", "ORDERPATH_DATABASE_URL": database_url}
    found: InfrastructureFactory[TrackingRecorder] = InfrastructureFactory.construct(env)
    yield found
    found.close()


def test_the_persistence_module_gives_our_recorders_and_mapper(
    factory: InfrastructureFactory[TrackingRecorder],
) -> None:
    assert isinstance(factory, Factory)
    assert isinstance(factory.application_recorder(), PostgresRecorder)
    assert isinstance(factory.aggregate_recorder(), PostgresRecorder)
    assert isinstance(factory.aggregate_recorder(purpose="snapshots"), SnapshotRecorder)
    assert isinstance(factory.mapper(), EventMapper)


def test_the_library_s_event_store_writes_and_reads_our_log(
    factory: InfrastructureFactory[TrackingRecorder],
) -> None:
    stream = f"order-{uuid4()}"
    event = EVENTS["order.payment_charged.v1"]
    store: EventStore[UUID | str] = factory.event_store()

    tracked = store.put([LibraryEvent(NewEvent(stream, 1, Decided(event, NOW), stream))])
    (read,) = store.get(stream)

    assert [one.notification.id for one in tracked] == [1]
    assert isinstance(read, LibraryRecorded)
    assert read.recorded.event == event
    assert (read.originator_id, read.originator_version) == (stream, 1)


def test_snapshots_are_kept_apart_from_events(
    factory: InfrastructureFactory[TrackingRecorder],
) -> None:
    snapshots = factory.aggregate_recorder(purpose="snapshots")
    snapshots.insert_events([StoredEvent("order-1", 500, "order.state.v1", b"{}")])

    assert factory.application_recorder().select_events("order-1") == []
    assert [one.originator_version for one in snapshots.select_events("order-1")] == [500]


def test_what_the_log_does_without_says_so(
    factory: InfrastructureFactory[TrackingRecorder],
) -> None:
    for recorder in (factory.tracking_recorder, factory.process_recorder):
        with pytest.raises(NotSupportedError, match="checkpoints of their own"):
            recorder()


def test_a_missing_url_is_named() -> None:
    with pytest.raises(OSError, match="ORDERPATH_DATABASE_URL"):
        InfrastructureFactory.construct({"PERSISTENCE_MODULE": "infra.factory"})
