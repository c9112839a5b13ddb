"""A broker that tells of others, which are dead or hang: a stand-in, as ours are alone.

It answers what is asked of nodes and settings; each topic that is asked for is there, with one
partition.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, Final, NamedTuple

from kafka.protocol.admin import (
    DescribeClusterRequest,
    DescribeClusterResponse,
    DescribeConfigsRequest,
    DescribeConfigsResponse,
)
from kafka.protocol.metadata import (
    ApiVersionsRequest,
    ApiVersionsResponse,
    MetadataRequest,
    MetadataResponse,
)

HOST: Final = "127.0.0.1"
NOBODY: Final = 1  # a port at which nobody listens
NODE: Final = 7  # id of the broker that answers
_REQUESTS: Final = {
    18: ApiVersionsRequest,
    3: MetadataRequest,
    60: DescribeClusterRequest,
    32: DescribeConfigsRequest,
}
# Kafka 3.9, as far as kafka-python tells a version by them: by key, the lowest and highest version.
_VERSIONS: Final = {
    0: (3, 12),
    1: (4, 17),
    3: (0, 12),
    10: (0, 4),
    18: (0, 4),
    19: (0, 7),
    32: (1, 4),
    60: (0, 2),
    75: (0, 0),
}
_TOPIC: Final = 2  # a kind of what has settings; brokers are another
_OWN: Final = 1  # somebody has given a topic this setting


class Other(NamedTuple):
    """Another broker of the cluster; all stand before the one that answers."""

    node: int
    port: int
    is_fenced: bool  # registered, and known to be dead


@contextmanager
def broker_beside(*others: Other) -> Iterator[str]:
    """Give host:port of a broker that answers."""
    with socket.create_server((HOST, 0)) as listening:
        port = listening.getsockname()[1]
        nodes = [(one.node, HOST, one.port, one.is_fenced) for one in others]
        broker = _Broker([*nodes, (NODE, HOST, port, False)])
        Thread(target=broker.accept, args=(listening,), daemon=True).start()
        yield f"{HOST}:{port}"


class _Broker:
    def __init__(self, nodes: list[tuple[int, str, int, bool]]) -> None:
        self._nodes = nodes  # id, host, port, whether it is fenced

    def accept(self, listening: socket.socket) -> None:
        with suppress(OSError):  # It was closed: the test is over.
            while True:
                connection, _ = listening.accept()
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as asked:
            while size := int.from_bytes(asked.read(4)):
                value = asked.read(size)
                key, version = int.from_bytes(value[:2]), int.from_bytes(value[2:4])
                request = _REQUESTS[key].decode(value, version=version, header=True)
                answer = self._answer(request)
                # What tells of versions never has room for tags.
                has_tags = key != 18 and answer.flexible_version_q(version)
                told = value[4:8] + b"\0" * has_tags + answer.encode(version=version)
                connection.sendall(len(told).to_bytes(4) + told)

    def _answer(self, request: Any) -> Any:
        match request:
            case MetadataRequest():
                return self._metadata(request.topics or [])
            case DescribeClusterRequest():
                return self._cluster()
            case DescribeConfigsRequest():
                return _settings(request.resources)
            case _:
                return _versions()

    def _metadata(self, topics: list[Any]) -> Any:
        """Tell of the brokers that are not fenced."""
        made = MetadataResponse
        topic = made.MetadataResponseTopic
        partition = topic.MetadataResponsePartition(
            error_code=0,
            partition_index=0,
            leader_id=NODE,
            leader_epoch=0,
            replica_nodes=[NODE],
            isr_nodes=[NODE],
            offline_replicas=[],
        )
        return made(
            throttle_time_ms=0,
            brokers=[
                made.MetadataResponseBroker(node, host, port, None)
                for node, host, port, is_fenced in self._nodes
                if not is_fenced
            ],
            cluster_id="cluster",
            controller_id=NODE,
            topics=[
                topic(error_code=0, name=asked.name, is_internal=False, partitions=[partition])
                for asked in topics
            ],
            error_code=0,
        )

    def _cluster(self) -> Any:
        of = DescribeClusterResponse.DescribeClusterBroker
        return DescribeClusterResponse(
            throttle_time_ms=0,
            error_code=0,
            error_message=None,
            endpoint_type=1,
            cluster_id="cluster",
            controller_id=NODE,
            brokers=[
                of(broker_id=node, host=host, port=port, rack=None, is_fenced=is_fenced)
                for node, host, port, is_fenced in self._nodes
            ],
            authorized_operations=set(),
        )


def _versions() -> Any:
    of = ApiVersionsResponse.ApiVersion
    keys = [
        of(api_key=key, min_version=low, max_version=high) for key, (low, high) in _VERSIONS.items()
    ]
    return ApiVersionsResponse(throttle_time_ms=0, error_code=0, api_keys=keys)


def _settings(asked: list[Any]) -> Any:
    """Tell that brokers make no topic for whoever asks, and that somebody has set topics."""
    result = DescribeConfigsResponse.DescribeConfigsResult
    setting = result.DescribeConfigsResourceResult
    results = []
    for one in asked:
        of_topic = one.resource_type == _TOPIC
        name, value, source = (
            ("cleanup.policy", "delete", _OWN)
            if of_topic
            else ("auto.create.topics.enable", "false", 4)
        )
        told = setting(
            name=name,
            value=value,
            read_only=not of_topic,
            config_source=source,
            is_sensitive=False,
            synonyms=[],
            config_type=1,
            documentation=None,
        )
        results.append(
            result(
                error_code=0,
                error_message=None,
                resource_type=one.resource_type,
                resource_name=one.resource_name,
                configs=[told],
            )
        )
    return DescribeConfigsResponse(throttle_time_ms=0, results=results)
