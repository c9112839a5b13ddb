"""Runs the application: one process, one event loop, until it is told to stop.

Whoever is in hand then gets an answer; nobody else is let in. Called by the CLI.
"""

import socket
from collections.abc import Callable
from ssl import SSLContext
from threading import Event as Signal
from threading import Thread
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from domain.refusals import InfraError, Unusable
from services.api.callers import NOBODY, Access
from services.api.lines import TimedLine

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
KEEP_ALIVE_SECONDS: Final = 30
BACKLOG: Final = 2_048
DRAIN_SECONDS: Final = 15  # for answers in hand, when the server ends


class _Server(uvicorn.Server):
    """A server that tells its streams to end, so that it need not wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        desk = getattr(self.config.app.state, "desk", None)  # type: ignore[union-attr]
        if desk is not None:
            desk.end()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything else is begun. Raises: InfraError port_taken"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ear = socket.socket(family, socket.SOCK_STREAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        ear.bind((host, port))
        ear.listen(BACKLOG)
    except OSError as error:
        ear.close()
        message = f"{host} port {port} cannot be listened on: {error.strerror or error}"
        raise InfraError("port_taken", message) from error
    return ear


def check_servable(access: Access, host: str, *, elsewhere: bool, sealed: bool = False) -> None:
    """See that it is safe to begin: what goes over a network is to be sealed. Raises: Unusable

    sealed: by TLS
    """
    if access is NOBODY:
        raise Unusable("nobody could ask anything: whoever serves has to know rights")
    if host not in LOOPBACK and not sealed and not elsewhere:
        raise Unusable(
            f"{host} can be reached from elsewhere, and what is asked there could be read on its "
            "way: set ORDERPATH_HTTP_CERT_FILE and ORDERPATH_HTTP_KEY_FILE, or put something with "
            "TLS in front and set ORDERPATH_HTTP_ELSEWHERE=on"
        )


def serve(
    app: FastAPI,
    ear: socket.socket,
    stop: Signal,
    *,
    tls: SSLContext | None = None,
    began: Callable[[], Any] = lambda: None,
) -> None:
    """Serve until `stop` is set; every answer that is in hand then is given.

    began: called once it answers
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=TimedLine,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",  # Whoever says what is no HTTP would fill the log.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=round(DRAIN_SECONDS),
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )
    server = _Server(config)
    running = Thread(target=server.run, args=([ear],), name="orderpath http")
    running.start()
    while not server.started and running.is_alive():
        stop.wait(0.01)
    if server.started:
        began()
    while running.is_alive() and not stop.wait(0.2):
        pass
    server.should_exit = True
    running.join()
    if not server.started:
        raise InfraError("server_failed", "the server did not start: the log says why")
