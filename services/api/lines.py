"""One line to a caller. What he says has to come in time, and what he is told to be taken, so that
nobody holds a line by saying or reading a byte now and then. Run by services.api.serving.
"""

import asyncio
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from services.api.limits import Limits


class TimedLine(HttpToolsProtocol):
    """A line that the server cuts, after the times of the desk's limits."""

    _due: asyncio.TimerHandle | None = None
    _due_for = ""  # what is awaited: head, body, or nothing
    _stuck: asyncio.TimerHandle | None = None
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._limits: Limits = self.config.app.state.desk.limits  # type: ignore[union-attr]
        self._await("head")

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_body:
            self._await("body")
        elif self._answers():
            self._await("")
        else:
            self._await("head")

    def on_headers_complete(self) -> None:
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(self._limits.taken_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._flows()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("")
        self._flows()
        super().connection_lost(exc)

    def _answers(self) -> bool:
        """Say whether a caller who has said all waits for his answer."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first one
        return cycle is not None and not cycle.response_complete

    def _await(self, what: str) -> None:
        """Await the rest of something: more bytes of it give no more time."""
        if what == self._due_for:
            return
        if self._due is not None:
            self._due.cancel()
        self._due, self._due_for = None, what
        if what:
            seconds = self._limits.head_seconds if what == "head" else self._limits.request_seconds
            self._due = self.loop.call_later(seconds, self.transport.abort)

    def _flows(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
