"""Fixtures of the log's tests: the database's owner, who may what no writer may."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.postgres import connect


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of the superuser who owns everything."""
    with connect(database_url) as connection:
        yield connection
