"""`orderpath path diff`: D1. Two versions, two paths or a file, part by part."""

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

OLD = """\
path: small
stages: [open, closed]
statuses:
  new: {stage: open, limit: {wall: 10m}}
  work: {stage: open}
  done: {stage: closed, final: success}
  gone: {stage: closed, final: failure}
initial: [{status: new}]
transitions:
  - {from: new, to: work}
  - {from: work, to: done}
  - {from: "*", to: gone}
"""
NEW = OLD.replace("10m", "20m").replace('from: "*", to: gone', 'from: "*", to: gone, roles: [lead]')
DIFF = ("path", "diff")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of the new version."""
    path = tmp_path / "small.yaml"
    path.write_text(NEW)
    return path


def test_d1_a_version_is_compared_with_a_file(line: CommandLine, file: Path) -> None:
    line.run("path", "publish", "-", stdin=OLD)

    said = line.run(*DIFF, "small", file, "--json").json
    people = line.run(*DIFF, "small", file).out

    assert said["old"] == {"path": "small", "version": 1}
    assert said["new"] == {"path": "small", "version": None}
    assert said["equal"] is False
    assert said["statuses"] == {
        "added": [],
        "removed": [],
        "changed": [{"status": "new", "keys": {"limit.wall": {"old": "10m", "new": "20m"}}}],
        "closed": [],
        "reordered": False,
    }
    roles = {"roles": {"old": None, "new": ["lead"]}}
    assert said["transitions"]["changed"] == [
        {"from": "new", "to": "gone", "keys": roles},
        {"from": "work", "to": "gone", "keys": roles},
    ]
    assert "move new, work > gone" in people
    assert "limit.wall" in people


def test_d1_two_versions_are_compared_by_number(line: CommandLine, file: Path) -> None:
    line.run("path", "publish", "-", stdin=OLD)
    line.run("path", "publish", file)

    changed = line.run(*DIFF, "small@1", "small@2", "--json").json
    same = line.run(*DIFF, "small", "small@2")

    assert (changed["old"]["version"], changed["new"]["version"]) == (1, 2)
    assert changed["equal"] is False
    assert (same.code, same.out) == (
        0, "No difference: small, version 2 and small, version 2 say the same.\n",
    )  # fmt: skip


def test_d1_two_paths_are_compared(line: CommandLine) -> None:
    said = line.run(*DIFF, "universal", "olist", "--json").json

    assert said["path"]["path"] == {"old": "universal", "new": "olist"}
    assert {"status": "placed"} in said["statuses"]["added"]
    assert {"from": "new", "to": "no_answer"} in said["transitions"]["removed"]
