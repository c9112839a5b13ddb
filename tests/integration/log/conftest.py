"""Fixtures of the log's tests: the log as a writer has it, and the database's owner beside it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from infra.event_log import EventLog, open_log
from infra.postgres import connect


@pytest.fixture
def log(database_url: str) -> Iterator[EventLog]:
    log = open_log(database_url)
    yield log
    log.close()


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of the superuser who owns everything."""
    with connect(database_url) as connection:
        yield connection
