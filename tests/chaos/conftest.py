"""One cluster for all scenarios of a session: each of them leaves it whole, or fails."""

from collections.abc import Iterator

import pytest

from tests.chaos.cluster import Cluster, open_cluster


@pytest.fixture(scope="session")
def cluster(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster; asks for PostgreSQL first, so that it can be skipped, as without Kafka."""
    assert postgres_server
    with open_cluster(tmp_path_factory.mktemp("cluster")) as opened:
        yield opened
