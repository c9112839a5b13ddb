"""The deadline of one conversation. infra.mail, infra.posting and infra.tokens hold theirs
under it.

What libraries call a timeout is the wait for one read: whoever says a byte now and then holds them
for ever.
"""

from collections.abc import Mapping
from contextlib import suppress
from socket import SHUT_RDWR, socket
from threading import Lock, Timer
from typing import Any, Self


class Deadline:
    """Cuts the line that is watched when the time is over: whoever waits on it is woken.

    Looking a name up, connecting and the handshake of TLS end by their own timeouts; a line that
    comes out of them too late is cut when it is watched.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = Lock()
        self._line: socket | None = None
        self._over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, line: socket) -> None:
        """Cut this line from now on: under TLS it is another one than before."""
        with self._lock:
            self._line = line
            if self._over:
                _cut(line)

    def hear(self, event: str, info: Mapping[str, Any]) -> None:
        """Watch each line that a request opens, as httpcore tells of it: extension `trace`."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.watch(info["return_value"].get_extra_info("socket"))

    def _end(self) -> None:
        with self._lock:
            self._over = True
            if self._line is not None:
                _cut(self._line)


def _cut(line: socket) -> None:
    with suppress(OSError):  # It is closed already.
        socket.shutdown(line, SHUT_RDWR)  # below TLS, which another thread may be in the middle of
