"""How many partitions a topic has. Called by services.bootstrap for programs that read it."""

from typing import Any, Final

from domain.refusals import InfraError
from infra.broker import describe_broker

ANSWER_MILLISECONDS: Final = 5_000


def count_partitions(arguments: dict[str, Any], topic: str) -> int:
    """Ask the brokers for a topic; 0: there is none.

    arguments: as infra.broker.kafka_arguments gives them
    Raises:    InfraError broker_unavailable
    """
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    describe_broker(arguments)
    limits = {
        "bootstrap_timeout_ms": ANSWER_MILLISECONDS,
        "request_timeout_ms": ANSWER_MILLISECONDS,
    }
    try:
        with KafkaAdminClient(**arguments, **limits) as admin:
            (found,) = admin.describe_topics([topic])
    except KafkaError as error:
        message = f"Kafka does not tell of its topics: {error}"
        raise InfraError("broker_unavailable", message) from error
    return len(found["partitions"])
