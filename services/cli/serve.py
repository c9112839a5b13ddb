"""`orderpath serve`: questions and commands over HTTP, until a signal ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.foreground import signalled, state, tell_database
from services.cli.session import near_only, opened

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

    from services.bootstrap import Settings, System

GRACE_SECONDS: Final = 25.0  # for answers in hand, and for what waits in the pipeline


def serve(
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="By default ORDERPATH_HTTP_HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="By default ORDERPATH_HTTP_PORT.")
    ] = None,
) -> None:
    """Answer questions and take commands over HTTP, until Ctrl-C."""
    settings = near_only()
    chosen = {"http_host": host, "http_port": port}
    given = {name: value for name, value in chosen.items() if value is not None}
    stop = signalled(GRACE_SECONDS)
    with opened() as system:
        ear, tls = _listen(system, settings.model_copy(update=given))
        tell_database(system)
        _serve(system, ear, tls, stop)
    state("ended")


@contextmanager
def served_beside(system: "System", stop: Signal) -> "Iterator[None]":
    """Serve in a thread of a program that does other things too, and does them where somebody else
    has the port: two shops may be up on one machine.
    """
    from domain.refusals import InfraError

    try:
        ear, tls = _listen(system, system.settings)
    except InfraError as error:
        if error.code != "port_taken":
            raise
        state(f"not serving: {error}; choose another one by ORDERPATH_HTTP_PORT")
        yield
        return
    server = Thread(target=_serve, args=(system, ear, tls, stop), name="orderpath serve")
    server.start()
    try:
        yield
    finally:
        stop.set()
        server.join()


def _listen(system: "System", settings: "Settings") -> "tuple[socket.socket, SSLContext | None]":
    """Take the port, once all is well that is needed there. Raises: Unusable, InfraError"""
    from services.api.serving import check_servable, listen
    from services.rights import prepare_rights

    tls = _tls(settings)
    elsewhere = settings.http_elsewhere
    check_servable(system.access, settings.http_host, elsewhere=elsewhere, sealed=tls is not None)
    ear = listen(settings.http_host, settings.http_port)
    tell_first_key(prepare_rights(system))
    return ear, tls


def tell_first_key(key: str | None) -> None:
    """Print the key that the first start makes, if this is that one."""
    if key is not None:
        state(f"the first key, shown now and never again: {key}")
        state("it may everything; make others with `orderpath apikey create`")


def _tls(settings: "Settings") -> "SSLContext | None":
    """Give what is spoken TLS with, None: nothing. Raises: Unusable"""
    from services.api.tls import tls_context

    certificate, key = settings.http_cert_file, settings.http_key_file
    return None if certificate is None or key is None else tls_context(certificate, key)


def _serve(system: "System", ear: "socket.socket", tls: "SSLContext | None", stop: Signal) -> None:
    from services.api.app import create_app
    from services.api.limits import Limits
    from services.api.lines import lines_that_fit
    from services.api.serving import serve as run

    settings = system.settings
    limits = Limits(
        per_second=settings.http_per_second,
        lines=lines_that_fit(settings.http_lines),
        at_once=settings.http_at_once,
        readers=settings.http_readers,
    )
    host, port = ear.getsockname()[:2]
    scheme = "http" if tls is None else "https"
    where = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    app = create_app(system, system.access, limits)
    run(app, ear, stop, tls=tls, began=lambda: state(f"serving on {where}"))
