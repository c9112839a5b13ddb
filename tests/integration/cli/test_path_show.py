"""`orderpath path show`: D1, R4. A path as a table and as a picture, with its open orders."""

import pytest

from tests.support.command_line import CommandLine

SHOW = ("path", "show")
OLD = """\
path: small
stages: [open, closed]
statuses:
  new: {stage: open, title: {en: New}, limit: {wall: 90m}}
  packing: {stage: open, active: true}
  done: {stage: closed, final: success}
initial: [{status: new}]
transitions:
  - {from: new, to: packing, roles: [manager]}
  - from: packing
    to: done
    guards: [{code: paid, when: order.due_minor <= 0, message: Not paid}]
"""


@pytest.fixture
def orders(line: CommandLine) -> None:
    """Three open orders of a small path, one of them further on, and a test order."""
    line.run("path", "publish", "-", stdin=OLD)
    place = ("order", "place", "--path", "small", "--currency", "EUR", "--item", "MUG:1:5")
    for number in range(3):
        line.run(*place, "--external-id", f"S-{number}")
    line.run("order", "move", "S-2", "packing", "--role", "manager")
    line.run(*place, "--external-id", "S-9", "--test")


@pytest.mark.usefixtures("orders")
def test_d1_every_status_shows_its_open_orders_and_the_terms_of_its_moves(
    line: CommandLine,
) -> None:
    shown = line.run(*SHOW, "small", "--json").json
    rows = [row.split("│") for row in line.run(*SHOW, "small").out.splitlines()]
    cells = {row[2].strip(): [cell.strip() for cell in row[3:-1]] for row in rows if len(row) > 2}

    assert shown["open_orders"] == {"new": 2, "packing": 1}
    assert cells["new"] == ["New", "2", "-", "1h30m", "packing (manager)"]
    assert cells["packing"] == ["-", "1", "-", "-", "done (if paid)"]
    assert cells["done"] == ["-", "-", "success", "-", ""]


@pytest.mark.usefixtures("orders")
def test_d1_an_earlier_version_is_shown_by_its_number(line: CommandLine) -> None:
    line.run("path", "publish", "-", "--strand", stdin=OLD.replace("packing", "picking"))

    latest, first = line.run(*SHOW, "small"), line.run(*SHOW, "small", "--version", "1")
    missing = line.run(*SHOW, "small", "--version", "3")

    words = "Open orders in statuses that this version does not have: packing (1)."
    assert ("version 2" in latest.out, words in latest.out) == (True, True)
    assert ("version 1" in first.out, words in first.out) == (True, False)
    assert (missing.code, "no version 3: the latest is 2" in missing.err) == (2, True)


@pytest.mark.usefixtures("orders")
def test_d1_pictures_show_live_counts(line: CommandLine) -> None:
    mermaid, dot = line.run(*SHOW, "small", "--mermaid"), line.run(*SHOW, "small", "--dot")

    assert mermaid.out.startswith("flowchart LR\n")
    assert '        s_new["New<br/>2 open"]\n' in mermaid.out
    assert dot.out.startswith('digraph "small" {\n')
    assert r'        s_new [label="New\n2 open"];' in dot.out


def test_a_path_is_shown_in_one_way_at_a_time(line: CommandLine) -> None:
    said = line.run(*SHOW, "olist", "--mermaid", "--dot")

    assert (said.code, "choose one of --mermaid, --dot and --json" in said.err) == (2, True)


def test_a_closed_status_says_so(line: CommandLine) -> None:
    line.run("path", "publish", "-", stdin=OLD.replace("active: true", "active: false"))

    assert "not active" in line.run(*SHOW, "small").out
