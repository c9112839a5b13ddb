"""Measuring processes answer, each for itself, or are ended."""

from pathlib import Path

import pytest

from benchmarks.children import run_together

ROOT = Path(__file__).parents[3]
CHILD = "tests.unit.benchmarks.child"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `make bench` starts them, so that they find the code."""
    monkeypatch.chdir(ROOT)


def test_each_answer_belongs_to_its_wish() -> None:
    found = run_together(CHILD, [{"what": "first"}, {"what": "second"}])

    assert found == [{"event": "first"}, {"event": "second"}]


@pytest.mark.parametrize("fault", ["die", "hang"])
def test_a_process_that_gives_no_answer_ends_the_measuring(fault: str) -> None:
    with pytest.raises(RuntimeError, match="without an answer"):
        run_together(CHILD, [{"what": "well"}, {"what": fault}], longest_seconds=2)
