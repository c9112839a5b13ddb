"""What a system has to do with Kafka: the relay and its lanes, and what workers feed.

Wired like services.bootstrap, and reached through its System as `system.streaming`.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

from domain.reading import Head
from domain.refusals import InfraError
from domain.streaming import COMMANDS, COMMANDS_GROUP, Lane, Swept, named
from infra.broker import kafka_arguments
from infra.fenced_producer import make_producer
from infra.head_source import HeadSource
from infra.local_broker import find_brokers
from infra.log_records import unpack
from infra.log_source import LogSource
from infra.relay_store import PostgresRelayStore, RelayState, published, relay_state
from infra.topic_sweep import delete_taken
from infra.topics import ensure_topics
from services.audit.checkpoint_lane import CheckpointLane
from services.deliveries import Delivery
from services.log_lane import LogLane
from services.projector import Projector
from services.public_lane import PublicLane
from services.relay import Broker, Relay, Tell

if TYPE_CHECKING:
    from services.bootstrap import System


class Streaming:
    """The streaming side of a system."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._sources: list[LogSource | HeadSource] = []

    def public_lane(self, until: int | None = None) -> PublicLane | None:
        """Give what the relay publishes for downstream; None where that is switched off.

        until: the last position that it tells of
        """
        settings = self._system.settings
        if not settings.public_topics:
            return None
        opener = self._system.log if settings.public_personal else None
        states = settings.cache_streams
        return PublicLane(self._system.projection_log, opener=opener, until=until, states=states)

    def worker_projector(self) -> Projector:
        """Give what the stream workers feed."""
        return Projector(
            self._system.read_models.lend, self._system.projection_log, driver="workers"
        )

    def delivery(self, headers: Mapping[str, bytes], value: bytes | None) -> Delivery:
        """Read a record of orderpath.log.

        Raises: InfraError record_unreadable, also of another log whose events are not known here;
                newer_version for such an event of this one
        """
        span, rows = unpack(headers, value)
        try:
            events = self._system.projection_log.decoded(rows)
        except InfraError:
            if self._system.projection_log.head().holds(span.log_id, span.epoch, span.last):
                raise
            message = "A record of the log topic is not ours: this log does not hold it"
            raise InfraError("record_unreadable", message) from None
        return Delivery(span.log_id, span.epoch, span.shard, span.prev, span.last, events)

    def published(self) -> Head | None:
        """Say how far the relay has published the log, None: it never began."""
        with self._system.lend("orderpath_projector") as connection:
            return published(connection, LogLane.name)

    @cached_property
    def broker(self) -> Broker:
        """The Kafka that the settings choose. Raises: InfraError broker_unavailable: none does."""
        arguments = kafka_arguments(find_brokers(self._system.settings))
        prefix = self._system.settings.kafka_prefix
        return Broker(
            partial(make_producer, arguments, prefix=prefix),
            partial(ensure_topics, arguments, prefix=prefix),
            prefix,
        )

    @property
    def is_there(self) -> bool:
        """Whether the settings name a Kafka, or one runs in the data folder."""
        try:
            find_brokers(self._system.settings)
        except InfraError:
            return False
        return True

    def delete_taken_commands(self) -> Swept:
        """Delete the commands that are decided. Raises: InfraError broker_unavailable"""
        arguments = kafka_arguments(find_brokers(self._system.settings))
        prefix = self._system.settings.kafka_prefix
        topic, group = (named(name, prefix) for name in (COMMANDS.name, COMMANDS_GROUP))
        return delete_taken(arguments, topic, group)

    def lanes(self, until: int | None = None) -> list[Lane]:
        """Give every lane of the relay; until: the last position that they give."""
        source, heads = LogSource(self._system.url), HeadSource(self._system.url)
        self._sources += [source, heads]
        public = self.public_lane(until)
        last = CheckpointLane(heads, until=until)
        return [LogLane(source, until=until), *([] if public is None else [public]), last]

    def relay(self, tell: Tell) -> Relay:
        """Give the relay; tell: what it says to people."""
        log, lanes = self._system.projection_log, self.lanes()
        return Relay(self.relay_store, log, self.broker, lanes=lanes, tell=tell)

    @cached_property
    def relay_store(self) -> PostgresRelayStore:
        """How far the relay's lanes are, for who leads."""
        return PostgresRelayStore(self._system.url)

    def relay_state(self) -> RelayState:
        """Look whether a relay leads, and how far each lane is."""
        with self._system.lend("orderpath_projector") as connection:
            return relay_state(connection)

    def close(self) -> None:
        """Give back what lanes read with."""
        for source in self._sources:
            source.close()
