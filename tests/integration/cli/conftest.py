"""A command line on a database of each test's own."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Here


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> CommandLine:
    """Commands on a fresh database of the session's server."""
    return Here(
        {"ORDERPATH_DATABASE_URL": database_url, "ORDERPATH_DATA_DIR": str(tmp_path / "data")}
    )
