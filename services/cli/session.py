"""Opens the system or a way to a server for a command, and brings the projections up to date before
a read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from typing import TYPE_CHECKING, Final

from services.cli.errors import USAGE, CommandFailed
from services.cli.output import progress_bar, say

if TYPE_CHECKING:
    from services.bootstrap import Settings, System
    from services.desks import Desk, Near

GIVEN_URL: Final[ContextVar[str | None]] = ContextVar("given_url", default=None)  # by --url
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
def desk(patience_seconds: float | None = None) -> "Iterator[Desk]":
    """Open what answers questions and takes commands: the server that --url or ORDERPATH_URL
    names, or the system in this process; patience_seconds as of opened.
    """
    from services.desks import Far

    url, settings = _chosen()
    if url:
        from services.client import Client

        with Client(url, settings.api_key.get_secret_value()) as client:
            yield Far(client)
    else:
        with opened(patience_seconds) as system:
            yield near(system)


def near(system: "System") -> "Near":
    """Give a desk of an open system, to what has to be near for another reason."""
    from services.desks import Near

    return Near(system, catch_up)


def near_only() -> "Settings":
    """Give the settings to what works beside the database. Raises: CommandFailed with --url"""
    url, settings = _chosen()
    if url:
        message = (
            "this command works beside the database, not over HTTP: leave out --url, and unset "
            "ORDERPATH_URL"
        )
        raise CommandFailed(message, USAGE)
    return settings


def _chosen() -> "tuple[str, Settings]":
    """Give the address of the server that is asked, if one is, and all settings."""
    from services.bootstrap import load_settings

    settings = load_settings()
    return GIVEN_URL.get() or settings.url, settings


@contextmanager
def opened(patience_seconds: float | None = None) -> "Iterator[System]":
    """Open the system as the settings say; patience_seconds: for a database that went away, where
    they name none.
    """
    from services.bootstrap import open_system

    settings = near_only()
    if patience_seconds is not None and "patience_seconds" not in settings.model_fields_set:
        settings = settings.model_copy(update={"patience_seconds": patience_seconds})
    with open_system(settings) as system:
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
