"""The real orders of Olist, where they lie beside the repository: their licence keeps them out."""

import os
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "olist"


def find_real_orders() -> Path:
    """Give their folder; or skip, except under CI."""
    if not FOLDER.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("../shared/data/olist is missing")
        pytest.skip("needs ../shared/data/olist, which is not in the repository")
    return FOLDER
