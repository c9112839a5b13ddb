"""The README's first steps, run line by line: what it says is what happens."""

import shlex
from typing import Final

from tests.support.command_line import ROOT, Here

PROGRAM: Final = ".venv/bin/orderpath "
STAYS: Final = ("up", "psql")  # started and spoken to by the end-to-end tests


def first_steps() -> list[tuple[list[str], bool]]:
    """Give each command of the README with whether it says that it is refused."""
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line.removeprefix(PROGRAM) for line in lines if line.startswith(PROGRAM)]
    words = [(shlex.split(line, comments=True), "# refused" in line) for line in commands]
    return [(one, refused) for one, refused in words if one[0] not in STAYS]


def test_the_first_steps_of_the_readme_do_what_it_says(database_url: str) -> None:
    here = Here({"ORDERPATH_DATABASE_URL": database_url})

    codes = [(words, here.run(*words).code) for words, _ in first_steps()]

    assert codes == [(words, int(refused)) for words, refused in first_steps()]
    assert len(codes) >= 5
