"""A command line on a database of each test's own."""

import pytest

from tests.support.command_line import CommandLine, Here


@pytest.fixture
def line(environment: dict[str, str]) -> CommandLine:
    """Commands on a fresh database of the session's server."""
    return Here(environment)
