"""One `up` on a data folder, and everybody may look whether it runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from services.cli.errors import CommandFailed
from services.cli.foreground import only_one, running_pid


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[set[int | None]]:
    """What two others see who look all the time."""
    found: set[int | None] = set()
    stop = Signal()

    def look() -> None:
        while not stop.is_set():
            found.add(running_pid(tmp_path))

    watchers = [Thread(target=look) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    yield found
    stop.set()
    for watcher in watchers:
        watcher.join()


def test_who_looks_whether_up_runs_never_keeps_it_from_starting(
    tmp_path: Path, seen: set[int | None]
) -> None:
    for _ in range(1_000):
        with only_one(tmp_path):
            assert running_pid(tmp_path) == os.getpid()

    assert seen <= {None, os.getpid()}


def test_a_second_up_is_told_that_one_runs(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(CommandFailed, match="runs already"), only_one(tmp_path):
        pytest.fail("There were two.")
    assert running_pid(tmp_path) is None
