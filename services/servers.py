"""The servers that programs need here: PostgreSQL and Kafka, unless settings name others.

Called by the command line, to start, stop and look; services.bootstrap opens what runs.
"""

from pathlib import Path

from domain.refusals import InfraError
from infra.broker import BrokerFacts, describe_broker, kafka_arguments
from infra.embedded import embedded_url, start_embedded, stop_embedded
from infra.folder_faults import unusable
from infra.local_broker import (
    broker_state,
    find_brokers,
    local_broker_address,
    start_local_broker,
    stop_local_broker,
)
from infra.settings import Settings

__all__ = [
    "borrow_broker",
    "broker_facts",
    "broker_state",
    "database_runs",
    "keep_broker",
    "return_broker",
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


def keep_broker(settings: Settings) -> str:
    """Start the local Kafka if it does not run, and let it stay whoever it was started for."""
    _borrowed(settings).unlink(missing_ok=True)
    return start_broker(settings)


def borrow_broker(settings: Settings) -> str:
    """Give host:port of the local Kafka. One that is started for that goes with return_broker.

    The folder knows of it, so that it goes also when who borrowed it was killed.
    """
    if local_broker_address(settings.data_dir) is None:
        note = _borrowed(settings)
        try:
            note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            note.touch()  # First: a kill in between leaves none that nobody stops.
        except OSError as error:
            raise unusable(settings.data_dir, error) from error
    try:
        return start_broker(settings)
    except InfraError:
        if local_broker_address(settings.data_dir) is None:  # Nothing is there to be given back.
            _borrowed(settings).unlink(missing_ok=True)
        raise


def return_broker(settings: Settings) -> bool:
    """Stop the local Kafka if it was started for who borrowed it. False if nothing was stopped."""
    if not _borrowed(settings).exists():
        return False
    stopped = stop_broker(settings)
    _borrowed(settings).unlink(missing_ok=True)
    return stopped


def stop_broker(settings: Settings) -> bool:
    """Stop the local Kafka, whoever uses it. False if it did not run."""
    return stop_local_broker(settings.data_dir)


def _borrowed(settings: Settings) -> Path:
    return settings.data_dir / "kafka" / "borrowed"


def broker_facts(settings: Settings) -> tuple[str, BrokerFacts] | None:
    """Ask the brokers that programs use: where, and what they say. None: the local one is stopped.

    Raises: InfraError broker_unavailable
    """
    if not settings.kafka and local_broker_address(settings.data_dir) is None:
        return None
    found = find_brokers(settings)
    return found.kafka, describe_broker(kafka_arguments(found))
