"""Programs of a shop of each test's own, as a person or a supervisor starts them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.programs import RunningProgram, programs


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """What programs of this shop find in their environment."""
    return {"ORDERPATH_DATABASE_URL": database_url, "ORDERPATH_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., RunningProgram]]:
    """Starts programs of this shop; all are gone afterwards."""
    with programs(environment) as starting:
        yield starting
