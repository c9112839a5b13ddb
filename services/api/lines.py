"""One line to a caller. What he says has to come in time and to have an end, and what he is told to
be taken, so that nobody holds a line by saying or reading a byte now and then, or all of them by
having many. Run by services.api.serving.
"""

import asyncio
import resource
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog
from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from services.api.edge import HEADERS
from services.api.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from services.api.desk import FrontDesk

LEAVE_SECONDS: Final = 1.0  # for a caller who is turned away to hear why, while he still speaks
LEAVING: Final = 128  # lines above the limit that hear why; others are cut at once
FILES_BESIDE: Final = 256  # that a process has open beside its lines: databases, files, Kafka
UNREADABLE: Final = "this is no HTTP/1.1 that is understood here"

log_ = structlog.get_logger()


def lines_that_fit(wanted: int) -> int:
    """Give how many lines a process can have open, once the system was asked for so many files.

    Shape: 1..wanted
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_BESIDE
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    more = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
        soft = more
    except (OSError, ValueError) as error:  # Some systems give less than they say.
        log_.warning("files_not_given", wanted=more, files=soft, error=str(error))
    fit = max(min(wanted, soft - FILES_BESIDE), 1)
    if fit < wanted:
        log_.warning("lines_few", wanted=wanted, lines=fit, files=soft)
    return fit


class TimedLine(HttpToolsProtocol):
    """A line that the server cuts, after the times and sizes of the desk's limits."""

    _due: asyncio.TimerHandle | None = None
    _due_for = ""  # what is awaited: head, body, or nothing
    _stuck: asyncio.TimerHandle | None = None
    _in_body = False
    _head = 0  # bytes of the head in hand, and of what stands behind its body
    _untold = 0  # bytes since the parser told something: it holds them
    _too_large = False  # the head
    _deaf = False  # whatever is said from now on

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._desk: FrontDesk = self.config.app.state.desk  # type: ignore[union-attr]
        self._limits = self._desk.limits
        self._desk.lines += 1
        self._answered_by = _Gentle(self)
        above = self._desk.lines - self._limits.lines
        if above > LEAVING:
            transport.abort()
        elif above > 0:
            message = f"{self._limits.lines} lines are open already"
            self._leave(Problem("busy", message, retry_seconds=1))
        else:
            self._await("head")

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            self._untold += len(data)
            super().data_received(data)
            self._await_next()

    def _await_next(self) -> None:
        if self._deaf:
            return
        if self._untold > self._limits.head_bytes:
            self._too_large = True
            self.send_400_response(UNREADABLE)
        elif self._in_body:
            self._await("body")
        elif self._answers():
            self._await("")
        else:
            self._await("head")

    def on_message_begin(self) -> None:
        self._head = self._untold = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        if not self._in_body:  # What stands behind a body was seen by no proxy: it is no header.
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_body = True
        super().on_headers_complete()
        self.cycle.transport = self._answered_by  # type: ignore[assignment]  # all that it uses

    def on_body(self, body: bytes) -> None:
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell what is wrong with what was said, behind the answers to all that was said before."""
        self._deaf = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            if self.pipeline or cycle.response_started:
                self.transport.abort()
                return
            cycle.disconnected = True  # Its body broke off.
            cycle.message_event.set()
        self._leave(_large(self._limits.head_bytes, self._limits.headers) if self._too_large
                    else Problem("not_readable", UNREADABLE))  # fmt: skip

    def _unsupported_upgrade_warning(self) -> None:
        """End the line behind the answer: what comes then is in words that are not known here."""
        self._deaf = True
        self.cycle.keep_alive = False

    def end(self) -> None:
        """End the line once what was written is out. A caller who still speaks has time to read it:
        what he says is taken, because a line that is closed over it would take the answer back.
        """
        if self._in_body and self.transport.can_write_eof() and not self.transport.is_closing():
            self._deaf = True
            self.transport.write_eof()
            self._await("end")
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(self._limits.taken_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._flows()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._desk.lines -= 1
        self._await("")
        self._flows()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        """Count a part of the head. Raises: ValueError, by which the parser ends"""
        self._untold = 0
        self._head += size
        if self._head > self._limits.head_bytes or len(self.headers) >= self._limits.headers:
            self._too_large = True
            raise ValueError("too large")

    def _leave(self, problem: Problem) -> None:
        """Tell a caller why he is not heard."""
        self.transport.write(self._written(problem))
        self._deaf = self._in_body = True
        self.end()
        self._desk.counts.answered("line", "none", problem.told_status, 0.0)

    def _written(self, problem: Problem) -> bytes:
        body = to_json(problem.body)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
            (b"x-request-id", uuid4().hex.encode()),
            (b"x-position", str(self._desk.positions.known).encode()),
            *HEADERS,
        ]
        lines = (b"%b: %b\r\n" % header for header in headers)
        return b"".join((STATUS_LINE[problem.told_status], *lines, b"\r\n", body))

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
            limits = self._limits
            seconds = {"head": limits.head_seconds, "end": LEAVE_SECONDS}
            due = seconds.get(what, limits.request_seconds)
            self._due = self.loop.call_later(due, self.transport.abort)

    def _flows(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


class _Gentle:
    """The line as uvicorn has it for an answer: where that would close it, it is left."""

    def __init__(self, line: TimedLine) -> None:
        self.write = line.transport.write
        self.is_closing = line.transport.is_closing
        self.close = line.end


def _large(size: int, number: int) -> Problem:
    message = f"the head of a request has {size} bytes and {number} headers at most"
    return Problem("head_too_large", message)
