"""How the `eventsourcing` library constructs our persistence: PERSISTENCE_MODULE=infra.factory.

Orderpath itself is wired in services.bootstrap; this is for programs written with the library.
"""

from typing import Any, Final

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Mapper,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType

from infra.mapper import EventMapper
from infra.postgres import Session
from infra.recorder import PostgresRecorder
from infra.snapshots import SnapshotRecorder

DATABASE_URL: Final = "ORDERPATH_DATABASE_URL"  # of a migrated database
_OWN_CHECKPOINTS: Final = (
    "the log tracks nobody's progress: projections keep checkpoints of their own, beside their "
    "tables; follow it with `select_notifications` or `subscribe`"
)


class Factory(InfrastructureFactory[TrackingRecorder]):
    """All recorders of one factory share a session with the rights of a writer."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(DATABASE_URL)
        if not url:
            raise OSError(f"{DATABASE_URL} is not set: name a migrated database")
        self._session = Session(url, role="orderpath_writer", name="orderpath library")

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[Any]] | None = None,
    ) -> Mapper[Any]:
        """Map by stored names, without transcoder, cipher or compressor of the library."""
        return EventMapper()

    def application_recorder(self) -> ApplicationRecorder:
        """Give the log."""
        return PostgresRecorder(self._session, self._session)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Give the log, or with purpose "snapshots" the states of long streams."""
        if purpose == "snapshots":
            return SnapshotRecorder(self._session)
        return self.application_recorder()

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        raise NotSupportedError(_OWN_CHECKPOINTS)

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError(_OWN_CHECKPOINTS)

    def close(self) -> None:
        self._session.close()
