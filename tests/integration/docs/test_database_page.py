"""What docs/database.md shows is run, on an embedded database with its programs of PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import start_embedded, stop_embedded
from tests.integration.docs.desk import Desk, run_page
from tests.integration.docs.shops import prepare
from tests.support.command_line import MASTER_KEY, Here

PAGE = "database.md"


@pytest.fixture
def desk(postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A shop on the embedded database of its data folder, and its owner's environment."""
    assert postgres_server
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MASTER_KEY, "")
    data = tmp_path / "data"
    desk = Desk(Here({"ORDERPATH_DATA_DIR": str(data)}), tmp_path)
    url = start_embedded(data)
    try:
        owner = {"URL": url, "PGHOST": desk.stands_for("HOST"), "PGUSER": "postgres"}
        desk.here.environment.update(owner, PGPASSFILE=str(data / "postgres.passwords"))
        yield desk
    finally:
        stop_embedded(data)


def test_the_commands_of_the_page_do_what_it_says(desk: Desk) -> None:
    prepare(desk, PAGE)
    run_page(desk, PAGE, {})

    assert "Anna" not in (desk.folder / "log.sql").read_text(encoding="utf-8")
    assert "COPY log.keys" in (desk.folder / "keys.sql").read_text(encoding="utf-8")
