"""A shop of each test's own, and the database of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.postgres import connect
from services.bootstrap import Settings, System, open_system
from tests.support.loads import publish


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def system(database_url: str, data_dir: Path) -> Iterator[System]:
    with open_system(Settings(database_url=database_url, data_dir=data_dir)) as opened:
        assert opened.execute(publish()).kind == "accepted"
        yield opened


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url) as connection:
        yield connection
