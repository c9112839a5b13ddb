"""What processes do in these tests: a rebuild that says how far it is, and waits to be let on."""

from multiprocessing.connection import Connection

from infra.event_log import open_log
from infra.postgres import Session
from services.rebuild import rebuild


def rebuild_step_by_step(pipe: Connection, url: str, name: str) -> None:
    """Rebuild in small steps; after each send the progress and wait for a word."""

    def told(done: int, total: int) -> None:
        pipe.send((done, total))
        pipe.recv()

    log = open_log(url, role="orderpath_projector")
    lend = Session(url, role="orderpath_projector").connection
    rebuild(lend, log, name, told, batch_events=5)
