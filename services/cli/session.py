"""Opens the system for a command, and brings the projections up to date before a read."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final

from services.cli.output import progress_bar, say

if TYPE_CHECKING:
    from services.bootstrap import System

LONG_SECONDS: Final = 1.0  # a read says so when it has to wait longer


def log_level() -> str:
    """Give the log level that the settings choose; of wrong ones nothing is known."""
    from domain.refusals import Unusable
    from services.bootstrap import load_settings

    try:
        return load_settings().log_level
    except Unusable:
        return "info"


@contextmanager
def opened() -> "Iterator[System]":
    """Open the system as the settings say."""
    from services.bootstrap import open_system

    with open_system() as system:
        yield system


@contextmanager
def up_to_date() -> "Iterator[System]":
    """Open the system with projections that hold everything the log has now."""
    with opened() as system:
        catch_up(system)
        yield system


def catch_up(system: "System") -> int:
    """Apply what no follower has applied yet, or wait for the workers; say so when that takes
    long, and what is missing in the end. Gives the events that were read."""
    from domain.refusals import InfraError

    notice = Timer(LONG_SECONDS, say, ["Bringing the projections up to date ..."])
    notice.daemon = True
    notice.start()
    try:
        with progress_bar("Projections") as move:
            return system.catch_up(progress=move)
    except InfraError as error:
        if error.code != "workers_behind":
            raise
        say(f"{error} This is what the tables hold now.")
        return 0
    finally:
        notice.cancel()
