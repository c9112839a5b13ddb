"""The feed of events over HTTP: pages by position, a wait for news, or a stream that goes on.

An event is told as Kafka's public topic tells it (docs/contract): nothing personal is in it. Who
asks is looked up for every turn, as for every request: what was revoked meanwhile reads no more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Annotated, Any, Final

import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.types import Receive, Scope, Send

from domain.messages import Name
from domain.refusals import Denied, InfraError, UnknownCaller
from services.api.asking import JSON
from services.api.callers import Caller
from services.api.desk import AWAY_SECONDS, ENDS, FrontDesk
from services.api.problems import Turned, reading_parameters
from services.questions.feed import Feed, Page, page_of

RIGHT: Final = "events.read"
STREAM: Final = "text/event-stream"
STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STILL_HERE: Final = b": still here\n\n"
QUIET_SECONDS: Final = 15.0  # after which a stream says that it is still there
LOOK_SECONDS: Final = 0.5  # between two looks whether who waits may still read
AGAIN_SECONDS: Final = 1.0  # after which a stream reads again that could not read just now

log_ = structlog.get_logger()


class FeedAsked(Feed):
    """A page of the feed, and for how long to wait for one."""

    # Asked as `type`, again and again.
    types: Annotated[tuple[Name, ...], Field(max_length=50, validation_alias="type",
                                             examples=[["order.placed.v1"]])] = ()  # fmt: skip
    wait: Annotated[float, Field(ge=0, le=30, description="seconds to wait for news")] = 0


class SeatedStream(StreamingResponse):
    """A stream that has a seat as long as it lasts. Raises, when it is to begin: Turned"""

    def __init__(self, desk: FrontDesk, caller: Caller, told: AsyncIterator[bytes]) -> None:
        super().__init__(told, media_type=STREAM, headers=STREAM_HEADERS)
        self._desk = desk
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._desk.streams.one_of(self._caller.name), self._desk.aside():
            await super().__call__(scope, receive, send)


async def events(desk: FrontDesk, request: Request) -> Response:
    """Give the events of orders behind a position, or a stream of them, which goes on for a while.

    A stream that broke goes on behind Last-Event-ID.
    """
    caller = await desk.admit(request, right=RIGHT)
    asked = _asked(request)
    if STREAM in request.headers.get("accept", ""):
        if getattr(request.state, "head_only", False):
            return Response(headers=STREAM_HEADERS, media_type=STREAM)
        if desk.ending.is_set():
            raise Turned("busy", ENDS, retry_seconds=AWAY_SECONDS)
        return SeatedStream(desk, caller, _stream(desk, request, asked))
    if asked.wait:
        seconds = min(asked.wait, desk.limits.poll_seconds)
        with desk.polls.one_of(caller.name), desk.aside():
            page = await _awaited(desk, request, asked, seconds)
    else:
        page = await _read(desk, request, asked)
    if page.events:  # `next` alone may be what was asked for, far beyond the log.
        desk.positions.saw(page.events[-1].position)
    request.state.position = min(page.next, desk.positions.known)
    body = b'{"events":[' + b",".join(one.body for one in page.events)
    body += b'],"next":%d,"more":%s}' % (page.next, b"true" if page.more else b"false")
    return Response(body, media_type=JSON)


async def _awaited(desk: FrontDesk, request: Request, asked: Feed, seconds: float) -> Page:
    """Give the next page that holds something, or an empty one when time is over, or when nobody
    waits for it any more.

    Raises: UnknownCaller, Denied, as soon as who waits may read no more
    """
    until = monotonic() + seconds
    while True:
        known = desk.positions.known
        page = await _read(desk, request, asked)
        asked = asked.model_copy(update={"after": page.next})
        if page.events or monotonic() >= until or desk.ending.is_set():
            return page
        if not page.more and not await _news(desk, request, max(known, page.next), until):
            return page


async def _read(desk: FrontDesk, request: Request, asked: Feed) -> Page:
    """Read a page. Who asks again and again takes turns, so that other questions find room."""
    async with desk.question_in_time(), desk.feed_turns:
        return await desk.read(await _reader(desk, request), RIGHT, partial(page_of, asked=asked))


async def _reader(desk: FrontDesk, request: Request) -> Caller:
    """Tell who reads now, and with which roles. Raises: UnknownCaller, Denied"""
    caller = await desk.access.caller(request.headers)
    desk.access.check_right(caller, RIGHT)
    return caller


async def _news(desk: FrontDesk, request: Request, position: int, until: float) -> bool:
    """Wait until the log goes beyond a position, until that time, or until the server ends.

    False: who waits hung up
    """
    end = asyncio.ensure_future(desk.ending.wait())
    try:
        while (left := until - monotonic()) > 0:
            above = desk.positions.above(position, min(left, LOOK_SECONDS))
            news = asyncio.ensure_future(above)
            try:
                await asyncio.wait({news, end}, return_when=asyncio.FIRST_COMPLETED)
                if end.done() or news.result():
                    return not await request.is_disconnected()
            finally:
                news.cancel()
            if await request.is_disconnected():
                return False
            await _reader(desk, request)
        return True
    finally:
        end.cancel()


async def _stream(desk: FrontDesk, request: Request, asked: Feed) -> AsyncIterator[bytes]:
    until = monotonic() + desk.limits.stream_seconds
    waits = False  # for what it could not read just now
    yield b"retry: 1000\n\n"
    while monotonic() < until and not desk.ending.is_set():
        try:
            page = await _awaited(desk, request, asked, QUIET_SECONDS)
        except (UnknownCaller, Denied):
            return  # Whoever comes again with the same key is told why.
        except (Turned, InfraError) as error:
            if not waits:
                log_.warning("stream_waits", code=error.code)
            waits = True
            yield STILL_HERE
            await _rest(desk)
            continue
        waits = False
        for one in page.events:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (one.position, one.type, one.body)
        if page.next > (page.events[-1].position if page.events else asked.after):
            yield b"id: %d\n\n" % page.next  # Nothing to be told, but nothing to read again.
        elif not page.events:
            yield STILL_HERE
        asked = asked.model_copy(update={"after": page.next})


async def _rest(desk: FrontDesk) -> None:
    """Let a moment go by, or less if the server ends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(AGAIN_SECONDS):
            await desk.ending.wait()


def _asked(request: Request) -> FeedAsked:
    given: dict[str, Any] = dict(request.query_params)
    given["type"] = request.query_params.getlist("type")
    last = request.headers.get("last-event-id")
    if last is not None:
        given["after"] = last
    with reading_parameters():
        return FeedAsked.model_validate(given)
