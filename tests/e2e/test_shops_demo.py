"""`orderpath demo --shop`: a ready-made shop on an embedded database, as people start it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import stop_embedded
from tests.support.command_line import Processes

WORDS = ("demo", "--shop", "minoxidil", "--days", 7, "--orders", 40)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a program, whose server is gone after the test."""
    data = tmp_path / "data"
    yield data
    stop_embedded(data / "demo-minoxidil-7-7-40")


def test_demo_plays_a_named_shop_and_says_what_its_reports_say(
    folder: Path, postgres_server: str
) -> None:
    assert postgres_server
    own = Processes({"ORDERPATH_DATA_DIR": str(folder)})

    said = own.run(*WORDS)
    again = own.run(*WORDS, "--json").json
    wrong = own.run("demo", "--shop", "minoxydil")

    assert said.code == 0, said.err
    assert "demo-minoxidil-7-7-40" in said.out
    assert again["summary"]["repeated"] == again["summary"]["commands"]
    assert {stage["path"] for stage in again["funnel"]["stages"]} == {"minoxidil"}
    assert [(way["from"], way["to"]) for way in again["conversion"]] == [("new", "done")]
    assert (wrong.code, "did you mean minoxidil" in wrong.err) == (2, True)
