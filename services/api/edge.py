"""The outermost layer of the API: limits before anything is done, and what every answer has.

Request id, position, problems instead of errors, counts. Plain ASGI, because it is on every path.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import structlog
from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.refusals import OrderpathError
from services.api import commands
from services.api.faults import noted_fault
from services.api.problems import MEDIA_TYPE, Problem, Turned, fault, problem_of

if TYPE_CHECKING:
    from services.api.desk import FrontDesk

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{1,128}")
CUT: Final = frozenset({"too_large", "body_late"})  # what is still to come is not read
GONE: Final = 499  # as counts and the log have a caller who hung up before he had said all
# Who reads the first and who reads the last of them would see two requests.
ONCE: Final = frozenset(
    {
        b"authorization", b"content-encoding", b"idempotency-key", b"if-match", b"last-event-id",
        b"x-on-behalf-of",
    }
)  # fmt: skip
ALWAYS: Final = frozenset({"/health/live", "/health/ready", "/metrics"})  # also when it is busy
# The router finds these too, but its layers take as long as all of the rest.
SHORT: Final[Mapping[str, Callable[["FrontDesk", Request], Awaitable[Response]]]] = {
    "/v1/commands": commands.send,
    "/v1/commands/batch": commands.send_batch,
}
# Unless a handler says otherwise. Names are in lower case, as in every answer on its way out.
HEADERS: Final = (
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
)

log_ = structlog.get_logger()


class Edge:
    """Wraps the application. The desk stands in the state of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        desk: FrontDesk = scope["app"].state.desk
        visit = _Visit(desk, scope, receive, send)
        try:
            await visit.serve(self._app)
        finally:
            visit.leave()


class _Visit:
    """One request."""

    def __init__(self, desk: "FrontDesk", scope: Scope, receive: Receive, send: Send) -> None:
        self._desk = desk
        self._method: str = scope["method"]
        self._head_only = self._method == "HEAD"  # It is answered as a GET, without the body.
        self._scope = scope = {**scope, "method": "GET"} if self._head_only else scope
        self._receive = receive
        self._send = send
        self._began = monotonic()
        self._status = 0  # 0: nothing is answered yet
        self._received = 0  # bytes
        self._whole = False  # all of the body has come
        self._place = ""  # as routes call it; "": the router says it
        self._state: MutableMapping[str, Any] = scope.setdefault("state", {})
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        self._id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        self._state["request_id"] = self._id
        self._state["head_only"] = self._head_only
        self._length = headers.get("content-length", "0")
        self._coding = headers.get("content-encoding", "identity").strip().lower()
        self._transfer = headers.get("transfer-encoding", "chunked").strip().lower()
        scope["path"] = _segments(scope)
        desk.in_hand += 1

    async def serve(self, app: ASGIApp) -> None:
        try:
            self._check()
            await self._reach(app)
        except OrderpathError as error:
            await self._tell(problem_of(error) or fault(self._id))
        except ClientDisconnect:
            self._status = GONE
        except Exception as error:  # noqa: BLE001 - every request is answered
            await self._tell(noted_fault(error, self._id))

    async def _reach(self, app: ASGIApp) -> None:
        """Go to the place that is asked for: commands on the shortest way, where they are many."""
        place: str = self._scope["path"]
        handler = SHORT.get(place) if self._scope["method"] == "POST" else None
        if handler is None:
            await app(self._scope, self._taken, self._answered)
            return
        self._place = place
        answer = await handler(self._desk, Request(self._scope, self._taken))
        await answer(self._scope, self._taken, self._answered)

    def leave(self) -> None:
        desk, seconds = self._desk, monotonic() - self._began
        desk.in_hand -= 1
        place = self._place or getattr(self._scope.get("route"), "path", "elsewhere")
        method = self._method
        desk.counts.answered(place, method, self._status, seconds)
        tell = log_.warning if self._status >= 500 else log_.debug
        tell(
            "answered",
            request_id=self._id,
            place=place,
            method=method,
            status=self._status,
            seconds=round(seconds, 4),
            caller=self._state.get("caller"),
        )

    def _check(self) -> None:
        limits = self._desk.limits
        if self._desk.in_hand > limits.at_once and self._scope["path"] not in ALWAYS:
            raise Turned("busy", "too many requests are in hand already", retry_seconds=1)
        self._check_headers()
        # Counted as it came: whoever reads a query first makes a list of all of it.
        if self._scope["query_string"].count(b"&") >= limits.parameters:
            raise Turned("not_readable", f"a query has {limits.parameters} parameters at most")
        if self._length.isdigit() and int(self._length) > limits.body_bytes:
            self._refuse_size()

    def _check_headers(self) -> None:
        names = [name for name, _ in self._scope["headers"]]
        if len(set(names)) < len(names):
            twice = next((name for name in ONCE if names.count(name) > 1), None)
            if twice is not None:
                raise Turned("not_readable", f"the header {twice.decode()} comes more than once")
        if self._coding != "identity" or self._transfer != "chunked":
            message = "send the body as it is, without a Content-Encoding, whole or in chunks"
            raise Turned("encoded", message)

    def _refuse_size(self) -> None:
        raise Turned("too_large", f"a request has {self._desk.limits.body_bytes} bytes at most")

    async def _taken(self) -> Message:
        if self._whole:  # What comes now is that the caller hung up.
            return await self._receive()
        limits = self._desk.limits
        try:
            async with asyncio.timeout(self._began + limits.body_seconds - monotonic()):
                message = await self._receive()
        except TimeoutError:
            late = f"all of a request comes within {limits.body_seconds:g} s"
            raise Turned("body_late", late) from None
        self._whole = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._desk.limits.body_bytes:
            self._refuse_size()
        return message

    async def _answered(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            position = self._state.get("position")
            told = str(self._desk.positions.known if position is None else position)
            given = message.get("headers", ())
            names = {name for name, _ in given}
            message["headers"] = [
                *given,
                (b"x-request-id", self._id.encode()),
                (b"x-position", told.encode()),
                *(header for header in HEADERS if header[0] not in names),
            ]
        await self._send(message)

    async def _tell(self, problem: Problem) -> None:
        if self._status:  # It has begun: whoever reads it sees that it ends too early.
            raise RuntimeError("an answer broke off") from None  # Not what the error says.
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        headers += [(n.lower().encode(), v.encode()) for n, v in problem.headers.items()]
        if problem.code in CUT:
            headers.append((b"connection", b"close"))
        body = to_json(problem.body)
        headers.append((b"content-length", str(len(body)).encode()))
        start = {"type": "http.response.start", "status": problem.told_status, "headers": headers}
        await self._answered(start)
        await self._answered({"type": "http.response.body", "body": body})


def _segments(scope: Scope) -> str:
    """Give the path with its slashes apart from those that stand in a name, as in order 2026/17."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if b"%2" not in raw:
        path: str = scope["path"]
        return path
    from urllib.parse import unquote

    parts = raw.decode("latin-1").split("/")
    return "/".join(unquote(one).replace("%", "%25").replace("/", "%2F") for one in parts)
