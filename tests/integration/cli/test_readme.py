"""The README's first steps, run line by line: what it says is what happens."""

import shlex
from pathlib import Path
from typing import Final

import pytest

from infra.settings import Settings
from services.bootstrap import open_system
from tests.integration.docs.blocks import blocks
from tests.support.command_line import ROOT, Here

PROGRAM: Final = ".venv/bin/orderpath "
STAYS: Final = ("up", "psql")  # started and spoken to by the end-to-end tests
FILES: Final = {"tea.yaml": "path: tea\n", "packing.yaml": "rule: paid_to_packing\n"}


def first_steps() -> list[tuple[list[str], bool]]:
    """Give each command of the README with whether it says that it is refused."""
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line.removeprefix(PROGRAM) for line in lines if line.startswith(PROGRAM)]
    words = [(shlex.split(line, comments=True), "# refused" in line) for line in commands]
    return [(one, refused) for one, refused in words if one[0] not in STAYS]


def test_the_first_steps_of_the_readme_do_what_it_says(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Here({"ORDERPATH_DATABASE_URL": database_url})
    for name, beginning in FILES.items():
        (text,) = [
            one.text
            for one in blocks("yaml")
            if one.page == "README.md" and one.text.startswith(beginning)
        ]
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    codes = [(words, here.run(*words).code) for words, _ in first_steps()]

    assert codes == [(words, int(refused)) for words, refused in first_steps()]
    assert len(codes) >= 5
    with open_system(Settings(database_url=database_url)) as system:  # As `up` does meanwhile.
        system.catch_up()
        system.acting().catch_up()
    why = here.run("order", "why", "A-3", "--json")
    assert "paid_to_packing" in why.out
    assert '"tea"' in why.out
