"""What processes do in these tests: they say after each step how far they are, and wait to be let
on.
"""

from collections.abc import Callable
from multiprocessing.connection import Connection

from infra.event_log import open_log
from infra.postgres import Session
from services.read_models import ReadModels


def rebuild_step_by_step(pipe: Connection, url: str, name: str) -> None:
    """Rebuild in steps of five events."""
    _open(url).rebuild(name, _telling(pipe))


def verify_step_by_step(pipe: Connection, url: str, name: str) -> None:
    """Verify in steps of five events; say at the end what was found."""
    pipe.send(_open(url).verify(name, _telling(pipe)))


def _open(url: str) -> ReadModels:
    log = open_log(url, role="orderpath_projector")
    session = Session(url, role="orderpath_projector")
    return ReadModels(session.connection, log, batch_events=5)


def _telling(pipe: Connection) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        pipe.send((done, total))
        pipe.recv()

    return told
