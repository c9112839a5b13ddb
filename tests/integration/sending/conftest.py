"""Fixtures of these tests: a shop of its own for each, and a mail server."""

from collections.abc import Iterator

import pytest

from tests.integration.projections.world import World, open_world
from tests.support.receivers import Mailbox, mail_server


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened
