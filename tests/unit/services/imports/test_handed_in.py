"""Files that were put to be imported do not stay in clear for ever."""

import os
from pathlib import Path
from time import time

from services.imports.handed_in import KEPT_SECONDS, PutFiles


def test_a_file_that_nobody_came_back_for_goes_once_another_one_is_put(tmp_path: Path) -> None:
    files = PutFiles(tmp_path, 1_000)
    files.put("ann", "old.csv", 0, b"old")
    files.put("bob", "late.csv", 0, b"late")
    old, late = files.find("ann", "old.csv"), files.find("bob", "late.csv")
    os.utime(old, (0, time() - KEPT_SECONDS - 10))
    os.utime(late, (0, time() - KEPT_SECONDS + 60))

    files.put("ann", "new.csv", 0, b"new")

    assert not old.exists()
    assert late.read_bytes() == b"late"
