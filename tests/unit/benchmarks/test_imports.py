"""What is not measured is said."""

from pathlib import Path

import pytest

from benchmarks.imports import measure_import


def test_an_import_that_is_left_out_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(measure_import("postgresql://nowhere/", folder=tmp_path / "missing")) == []

    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"import left out: no folder {tmp_path / 'missing'}" in printed.err
