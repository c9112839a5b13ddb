"""A Kafka of our own in a temporary folder, as `orderpath kafka up` starts it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from infra.broker import kafka_arguments
from infra.local_broker import start_local_broker, stop_local_broker
from infra.settings import Settings
from infra.topics import ensure_topics


@contextmanager
def bench_broker() -> Iterator[str]:
    """Give host:port of a broker that ends with the block.

    Raises: InfraError broker_not_installed
    """
    folder = Path(mkdtemp(prefix="orderpath-bench-"))
    try:
        yield start_local_broker(folder)
    finally:
        stop_local_broker(folder)
        shutil.rmtree(folder, ignore_errors=True)


def make_topics(server: str, prefix: str) -> None:
    """Make all topics of a shop with this prefix, as a relay does: workers wait for theirs."""
    ensure_topics(kafka_arguments(Settings(kafka=server)), prefix=prefix)
