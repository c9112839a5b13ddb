"""Where a fault of ours was raised, for the log."""

import traceback
from pathlib import Path


def place_of_fault(error: Exception) -> str:
    """Say where it was raised. What the exception says may be what somebody typed."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.name}, line {last.lineno} of {Path(last.filename).name}"
