"""Names in the group: the same after a restart, never of two that live."""

from pathlib import Path
from shutil import copytree

import pytest

from consumers.members import membership
from domain.refusals import Unusable


def test_a_worker_has_the_same_name_after_a_restart(tmp_path: Path) -> None:
    with membership(tmp_path) as first:
        pass
    with membership(tmp_path) as second:
        pass

    assert first == second


def test_two_that_live_have_two_names(tmp_path: Path) -> None:
    with membership(tmp_path) as first, membership(tmp_path) as second:
        assert first != second
    with membership(tmp_path) as third:
        assert third == first


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    with membership(tmp_path, "left"), pytest.raises(Unusable, match="left runs already"):  # noqa: SIM117
        with membership(tmp_path, "left"):
            pytest.fail("There were two.")


def test_a_copy_of_a_folder_has_names_of_its_own(tmp_path: Path) -> None:
    with membership(tmp_path / "a") as one:
        copytree(tmp_path / "a", tmp_path / "b")
        with membership(tmp_path / "b") as other:
            assert one != other


def test_two_folders_have_no_name_in_common(tmp_path: Path) -> None:
    with membership(tmp_path / "a", "left") as one, membership(tmp_path / "b", "left") as other:
        assert one != other
