"""`orderpath alive`: what a health check hears."""

import os
from pathlib import Path

import pytest

from services.heartbeat import Heartbeat
from tests.support.command_line import Here


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here({"ORDERPATH_DATA_DIR": str(tmp_path)})


def test_a_program_that_gave_a_sign_lately_is_alive(here: Here, tmp_path: Path) -> None:
    Heartbeat(tmp_path, "relay").beat()

    said = here.run("alive", "relay", "--json")

    assert said.code == 0
    assert (said.json["program"], said.json["alive"]) == ("relay", True)
    assert here.run("alive", "worker").code == 1


def test_a_program_that_stands_still_is_not(here: Here, tmp_path: Path) -> None:
    Heartbeat(tmp_path, "commands").beat()
    os.utime(tmp_path / "alive" / "commands", (1_000, 1_000))

    said = here.run("alive", "commands", "--json")

    assert (said.code, said.json["alive"]) == (1, False)
    assert here.run("alive", "nobody").code == 2


def test_a_relay_that_stands_by_is_alive_but_does_not_vouch_for_the_one_that_leads(
    here: Here, tmp_path: Path
) -> None:
    Heartbeat(tmp_path, "relay-standby").beat()
    assert here.run("alive", "relay").code == 0

    Heartbeat(tmp_path, "relay").beat()
    os.utime(tmp_path / "alive" / "relay", (1_000, 1_000))

    assert here.run("alive", "relay").code == 1


def test_the_old_sign_of_a_relay_that_is_gone_says_nothing_of_one_that_stands_by(
    here: Here, tmp_path: Path
) -> None:
    Heartbeat(tmp_path, "relay-standby").beat()
    (tmp_path / "alive" / "relay").touch()
    os.utime(tmp_path / "alive" / "relay", (1_000, 1_000))

    assert here.run("alive", "relay").code == 0

    os.utime(tmp_path / "alive" / "relay-standby", (1_000, 1_000))

    assert here.run("alive", "relay").code == 1
