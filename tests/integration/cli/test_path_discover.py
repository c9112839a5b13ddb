"""`orderpath path discover`: D1. A path is drafted from orders of the log, or from a file."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

DISCOVER = ("path", "discover")
MAPPING = """\
source: depot
path: parcels
order_id: case
time: {column: at, format: "%Y-%m-%d %H:%M:%S", zone: UTC}
activity: {column: what, discover: true}
"""
ROWS = """\
case,at,what
1,2025-01-10 08:00:00,Created
1,2025-01-10 09:00:00,Packed
1,2025-01-10 09:30:00,Sent
2,2025-01-10 08:00:00,Created
2,2025-01-10 11:00:00,Cancelled!
3,2025-01-11 08:00:00,Created
3,2025-01-11 09:00:00,Packed
3,no time,Sent
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An event log and its mapping."""
    log, mapping = tmp_path / "log.csv", tmp_path / "map.yaml"
    log.write_text(ROWS)
    mapping.write_text(MAPPING)
    return log, mapping


def test_d1_a_file_is_drafted_and_nothing_is_recorded(
    line: CommandLine, files: tuple[Path, Path]
) -> None:
    log, mapping = files

    said = line.run(*DISCOVER, log, "--mapping", mapping)
    figures = line.run(*DISCOVER, log, "--mapping", mapping, "--json").json
    published = line.run("path", "publish", "-", stdin=said.out)

    assert (said.code, said.err) == (0, "")
    assert "  - {from: created, to: packed} # 66.7%: 2 of 3 moves out of created" in said.out
    assert "    limit: {wall: 2h45m}\n" in said.out  # nine of ten left after 2h 36m
    assert figures["yaml"] == said.out
    assert figures["moves"][0] == {
        "from": "created", "to": "packed", "count": 2, "share": 2 / 3,
    }  # fmt: skip
    assert figures["statuses"][0] == {
        "status": "created", "starts": 3, "p90_seconds": 9360.0, "final": None,
    }  # fmt: skip
    assert published.code == 0, published.err
    assert not (mapping.parent / "parcels.path.yaml").exists()
    assert line.run("order", "show", "1").code == 1


def test_d1_a_mapping_with_a_map_names_the_statuses(
    line: CommandLine, files: tuple[Path, Path]
) -> None:
    log, mapping = files
    wanted = "{column: what, map: {Created: new, Packed: new, Sent: away, Lost: lost}}"
    mapping.write_text(MAPPING.replace("{column: what, discover: true}", wanted))

    figures = line.run(*DISCOVER, log, "--mapping", mapping, "--json").json

    assert [row["status"] for row in figures["statuses"]] == ["new", "away"]
    assert figures["moves"] == [{"from": "new", "to": "away", "count": 1, "share": 1.0}]


def test_d1_the_draft_of_a_file_and_of_its_imported_orders_say_the_same(
    line: CommandLine, files: tuple[Path, Path]
) -> None:
    log, mapping = files
    of_file = line.run(*DISCOVER, log, "--mapping", mapping, "--json").json
    line.run("import", "log", log, "--mapping", mapping)

    of_orders = line.run(*DISCOVER, "parcels", "--json").json

    assert of_orders["moves"] == of_file["moves"]
    assert of_orders["statuses"] == of_file["statuses"]
    assert line.run("path", "diff", "parcels", "-", stdin=of_orders["yaml"]).out == (
        "No difference: parcels, version 1 and standard input say the same.\n"
    )


def test_d1_orders_show_which_moves_of_a_path_are_used(line: CommandLine) -> None:
    place = ("order", "place", "--currency", "EUR", "--item", "MUG:1:5")
    for number in range(2):
        line.run(*place, "--external-id", f"D-{number}")
    line.run("order", "move", "D-0", "no_answer", "--role", "manager")

    said = line.run(*DISCOVER, "universal")

    assert "path: universal\n" in said.out
    assert "stages: [new, agreement]\n" in said.out
    assert 'title: {en: "No answer", ru: "Недозвон"}' in said.out
    assert said.out.count("{from:") == 1
    assert "final:" not in said.out  # Both are known as open, also the one that no order left.


def test_without_orders_there_is_nothing_to_draft_from(line: CommandLine) -> None:
    said = line.run(*DISCOVER, "olist")
    unknown = line.run(*DISCOVER, "nowhere")

    assert (said.code, "no order follows the path olist" in said.err) == (1, True)
    assert (unknown.code, "no path is named 'nowhere'" in unknown.err) == (2, True)
