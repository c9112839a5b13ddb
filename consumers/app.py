"""The Faust app of the workers: it brings the records of orderpath.log to the projector thread.

Faust loses the record of an agent that raises, and acknowledges others too early. That does no
harm: checkpoints and the log decide (services.projector).
"""

from collections.abc import Mapping
from typing import Any, Final

import faust
from faust.types import TP

from consumers.asking import let_aiokafka_make_no_topics
from consumers.hand_over import HandOver, Incoming
from consumers.reading_on import let_aiokafka_read_on
from consumers.state_line import StateLine, lacking
from domain.streaming import LOG, PROJECTIONS_GROUP, named
from services.bootstrap import Settings

SETTINGS: Final[Mapping[str, Any]] = {
    "autodiscover": False,
    "broker_session_timeout": 10,  # seconds, as all of these
    "broker_heartbeat_interval": 1,
    "broker_rebalance_timeout": 10,
    "broker_request_timeout": 30,
    "broker_max_poll_interval": 300,
    "broker_commit_interval": 1,
    # Of every partition. Faust unpacks at once what one fetch has brought of all of them, while
    # aiokafka fetches on: so that much is held twice, once as it is and once unpacked.
    "consumer_max_fetch_size": 128 * 1024,  # bytes, packed; a larger batch comes nevertheless
    "stream_buffer_maxsize": 16,  # records
    "consumer_metadata_max_age_ms": 5_000,  # so soon a topic is found that was made anew
    "consumer_auto_offset_reset": "earliest",
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "table_standby_replicas": 0,
    "store": "memory://",
    "web_enabled": False,
    "key_serializer": "raw",
    "value_serializer": "raw",
}


def make_app(
    broker: Mapping[str, Any],
    hand_over: HandOver,
    state: StateLine,
    *,
    member: str,
    settings: Settings,
) -> faust.App:
    """Give an app that is not started yet.

    broker: how it is reached, as services.bootstrap.faust_arguments gives it
    member: name of this worker in the group, the same after a restart, nobody else's meanwhile
    """
    let_aiokafka_read_on()
    let_aiokafka_make_no_topics()
    own: dict[str, Any] = {
        "consumer_group_instance_id": member,
        "datadir": settings.data_dir / "workers",
    }
    prefix = settings.kafka_prefix
    # Not the environment, which would be stronger: BROKER_URL may be there for somebody else.
    app = faust.App(named(PROJECTIONS_GROUP, prefix), env={}, **SETTINGS, **broker, **own)
    log = named(LOG.name, prefix)
    topic = app.topic(log, internal=False)

    @app.agent(topic, concurrency=1)
    async def records(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            message = event.message
            # A header may be without a value; whoever sent it is none of ours.
            headers = {name: value or b"" for name, value in dict(message.headers or {}).items()}
            place = (message.topic, message.partition, message.offset)
            await hand_over.put(Incoming(*place, headers, message.value))

    def assigned(_: Any, partitions: set[TP], /, **__: Any) -> None:
        known = app.consumer.topic_partitions(log)
        if known is not None:
            state.lack(lacking(log, known))
        state.assign(frozenset(one.partition for one in partitions if one.topic == log))

    def revoked(*_: Any, **__: Any) -> None:
        state.revoke()

    app.on_partitions_assigned.connect(assigned)  # type: ignore[arg-type]  # It has one argument.
    app.on_partitions_revoked.connect(revoked)
    return app
