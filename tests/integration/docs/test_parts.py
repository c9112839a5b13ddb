"""What a page shows a part of is taken where it belongs: in a path, in an import."""

from pathlib import Path
from textwrap import indent
from typing import Final

import pytest

from infra.path_files import read_path
from tests.integration.docs.blocks import blocks
from tests.support.command_line import Here

PARTS: Final = {block.why: block for block in blocks("yaml") if not block.is_run}
PARCELS: Final = """\
path: parcels
stages: [open, closed]
statuses:
  new: {stage: open}
  packed: {stage: open}
  delivering: {stage: open}
  sent: {stage: open}
  delivered: {stage: closed, final: success}
initial: [{status: new}]
transitions:
  - {from: new, to: packed}
  - {from: packed, to: [delivering, sent]}
  - {from: [delivering, sent], to: delivered}
"""
ROWS: Final = """\
shop,case,at,what,no,who,job,client_name,phone
s1,1,10.01.2025 08:00,Created,1,ann,manager,Anna,+7 900 000-00-00
s1,1,10.01.2025 09:00,Packed,2,bob,warehouse,Anna,+7 900 000-00-00
s1,1,10.01.2025 09:05,Ping,3,bob,warehouse,Anna,+7 900 000-00-00
s1,1,10.01.2025 09:30,Sent,4,bob,warehouse,Anna,+7 900 000-00-00
"""


def text_of(beginning: str) -> str:
    (found,) = [block.text for why, block in PARTS.items() if why.startswith(beginning)]
    return found


def test_every_part_is_tried_here() -> None:
    tried = ("part: of a path", "part: the first line", "part: of a policy", "part: a mapping")

    assert [why for why in PARTS if not why.startswith(tried)] == []


@pytest.mark.parametrize(
    "path",
    [
        PARCELS + text_of("part: of a path"),
        text_of("part: the first line of a path") + PARCELS,
        PARCELS
        + "stock:\n  locations: [main]\n  keep:\n"
        + indent(text_of("part: of a policy"), "    "),
    ],
)
def test_a_path_with_the_part_is_taken(path: str) -> None:
    assert read_path(path, where="parcels.yaml").path == "parcels"


def test_an_import_goes_by_the_mapping(environment: dict[str, str], tmp_path: Path) -> None:
    here = Here(environment)
    for name, text in (
        ("map.yaml", text_of("part: a mapping")),
        ("log.csv", ROWS),
        ("parcels.yaml", PARCELS),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert here.run("path", "publish", tmp_path / "parcels.yaml").code == 0

    said = here.run(
        "import", "log", tmp_path / "log.csv", "--mapping", tmp_path / "map.yaml", "--json"
    )

    assert said.code == 0, said.err or said.out
    assert (said.json["orders"], said.json["rows_ignored"]) == (1, 1)
    assert here.run("order", "show", "s1|1", "--json").json["status"] == "sent"
