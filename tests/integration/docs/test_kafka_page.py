"""What docs/kafka.md shows is run, with a broker of its own: that of the data folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local_broker import stop_local_broker
from tests.integration.docs.desk import Desk, Happenings, run_page
from tests.integration.docs.shops import prepare
from tests.support.command_line import MASTER_KEY, Here
from tests.support.postgres import PREPARED, cloned_database

PAGE = "kafka.md"
MEANWHILE: Happenings = {"orderpath relay  ": ("kafka up",)}  # The block before has stopped it.


@pytest.fixture
def desk(
    broker: str, migrated_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A shop of its own; asks for the session's broker to be skipped where none starts."""
    assert broker
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MASTER_KEY, "")
    data = tmp_path / "data"
    with cloned_database(migrated_server, PREPARED) as url:
        yield Desk(Here({"ORDERPATH_DATABASE_URL": url, "ORDERPATH_DATA_DIR": str(data)}), tmp_path)
        stop_local_broker(data)


def test_the_commands_of_the_page_do_what_it_says(desk: Desk) -> None:
    prepare(desk, PAGE)
    run_page(desk, PAGE, MEANWHILE)
