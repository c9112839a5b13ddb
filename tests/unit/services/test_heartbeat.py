"""Signs of life: fresh while the work goes round, and no reason to stop it."""

import os
from pathlib import Path
from time import time

import pytest

from services.heartbeat import Heartbeat


def test_a_sign_is_young_and_who_never_gave_one_has_none(tmp_path: Path) -> None:
    assert Heartbeat(tmp_path, "relay").age_seconds() is None

    Heartbeat(tmp_path, "relay").beat()

    age = Heartbeat(tmp_path, "relay").age_seconds()
    assert age is not None
    assert age < 60
    assert Heartbeat(tmp_path, "worker").age_seconds() is None


def test_a_sign_of_a_time_to_come_is_none_until_the_next_one_is_given(tmp_path: Path) -> None:
    Heartbeat(tmp_path, "relay").beat()
    to_come = time() + 3_600
    os.utime(tmp_path / "alive" / "relay", (to_come, to_come))

    assert Heartbeat(tmp_path, "relay").age_seconds() is None
    Heartbeat(tmp_path, "relay").beat()
    assert Heartbeat(tmp_path, "relay").age_seconds() is not None


def test_a_sign_is_given_once_a_second_at_most(tmp_path: Path) -> None:
    heart = Heartbeat(tmp_path, "relay")
    heart.beat()
    (tmp_path / "alive" / "relay").unlink()

    heart.beat()

    assert heart.age_seconds() is None


def test_a_sign_that_is_taken_back_was_never_given(tmp_path: Path) -> None:
    heart = Heartbeat(tmp_path, "relay")
    heart.end()
    heart.beat()

    heart.end()

    assert heart.age_seconds() is None
    heart.beat()
    assert heart.age_seconds() is not None


def test_who_gave_a_sign_is_there_until_it_takes_it_back(tmp_path: Path) -> None:
    looks, heart, other = (Heartbeat(tmp_path, "relay") for _ in range(3))
    assert not looks.is_there()

    heart.beat()
    other.beat()
    assert looks.is_there()
    heart.end()

    assert not looks.is_there()
    heart.beat()
    assert looks.is_there()


def test_a_folder_that_takes_no_sign_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "alive").write_text("a file where the folder should be")

    Heartbeat(tmp_path, "relay").beat()

    with pytest.raises(NotADirectoryError):
        Heartbeat(tmp_path, "relay").age_seconds()
