"""The servers that programs need here: PostgreSQL and Kafka, unless settings name others.

Called by the command line, to start, stop and look; services.bootstrap opens what runs.
"""

from infra.broker import BrokerFacts, describe_broker, kafka_arguments
from infra.embedded import embedded_url, start_embedded, stop_embedded
from infra.local_broker import (
    broker_state,
    find_brokers,
    local_broker_address,
    start_local_broker,
    stop_local_broker,
)
from infra.settings import Settings

__all__ = [
    "broker_facts",
    "broker_state",
    "database_runs",
    "start_broker",
    "start_database",
    "stop_broker",
    "stop_database",
]


def database_runs(settings: Settings) -> bool:
    """Say whether the embedded server runs, starting nothing; of another one we assume it."""
    return bool(settings.database_url) or embedded_url(settings.data_dir) is not None


def start_database(settings: Settings) -> None:
    """Start the embedded server if it does not run."""
    if not settings.database_url:
        start_embedded(settings.data_dir)


def stop_database(settings: Settings) -> bool:
    """Stop the embedded server, whoever uses it. False if it did not run, or is not ours."""
    return not settings.database_url and stop_embedded(settings.data_dir)


def start_broker(settings: Settings) -> str:
    """Start the local Kafka if it does not run, and give its host:port."""
    return start_local_broker(settings.data_dir)


def stop_broker(settings: Settings) -> bool:
    """Stop the local Kafka, whoever uses it. False if it did not run."""
    return stop_local_broker(settings.data_dir)


def broker_facts(settings: Settings) -> tuple[str, BrokerFacts] | None:
    """Ask the brokers that programs use: where, and what they say. None: the local one is stopped.

    Raises: InfraError broker_unavailable
    """
    if not settings.kafka and local_broker_address(settings.data_dir) is None:
        return None
    found = find_brokers(settings)
    return found.kafka, describe_broker(kafka_arguments(found))
