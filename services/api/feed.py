"""The feed of events over HTTP: pages by position, a wait for news, or a stream that goes on.

An event is told as Kafka's public topic tells it (docs/contract): nothing personal is in it.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from services.api.asking import JSON
from services.api.callers import Caller
from services.api.problems import Turned
from services.questions.feed import Feed, Page, page_of

if TYPE_CHECKING:
    from services.api.desk import FrontDesk

RIGHT: Final = "events.read"
STREAM: Final = "text/event-stream"
QUIET_SECONDS: Final = 15.0  # after which a stream says that it is still there
LOOK_SECONDS: Final = 1.0  # between two looks whether the server ends


class FeedAsked(Feed):
    """A page of the feed, and for how long to wait for one."""

    wait: Annotated[float, Field(ge=0, le=30, description="seconds to wait for news")] = 0


async def events(desk: "FrontDesk", request: Request) -> Response:
    """Give the events of orders behind a position, or a stream of them, which goes on for a while.

    A stream that broke goes on behind Last-Event-ID.
    """
    caller = await desk.admit(request, right=RIGHT)
    asked = _asked(request)
    if STREAM in request.headers.get("accept", ""):
        if desk.streams >= desk.limits.streams or desk.ending.is_set():
            raise Turned("busy", "too many streams are open already", retry_seconds=5)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(desk, caller, asked), media_type=STREAM, headers=headers)
    page = await _awaited(desk, caller, asked, min(asked.wait, desk.limits.poll_seconds))
    request.state.position = max(page.next, 0)
    body = b'{"events":[' + b",".join(one.body for one in page.events)
    body += b'],"next":%d,"more":%s}' % (page.next, b"true" if page.more else b"false")
    return Response(body, media_type=JSON)


async def _awaited(desk: "FrontDesk", caller: Caller, asked: Feed, seconds: float) -> Page:
    """Give the next page that holds something, or an empty one when time is over."""
    until = monotonic() + seconds
    while True:
        known = desk.positions.known
        page = await desk.read(caller, RIGHT, partial(page_of, asked=asked))
        asked = asked.model_copy(update={"after": page.next})
        left = until - monotonic()
        if page.events or left <= 0 or desk.ending.is_set():
            return page
        if not page.more:
            await _news(desk, max(known, page.next), left)


async def _news(desk: "FrontDesk", position: int, seconds: float) -> None:
    """Wait until the log goes beyond a position, for so long, or until the server ends."""
    news = asyncio.ensure_future(desk.positions.above(position, seconds))
    end = asyncio.ensure_future(desk.ending.wait())
    try:
        await asyncio.wait({news, end}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        news.cancel()
        end.cancel()


async def _stream(desk: "FrontDesk", caller: Caller, asked: Feed) -> AsyncIterator[bytes]:
    desk.streams += 1
    until = monotonic() + desk.limits.stream_seconds
    try:
        yield b"retry: 1000\n\n"
        while monotonic() < until and not desk.ending.is_set():
            page = await _awaited(desk, caller, asked, QUIET_SECONDS)
            for one in page.events:
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (one.position, one.type, one.body)
            if page.next > (page.events[-1].position if page.events else asked.after):
                yield b"id: %d\n\n" % page.next  # Nothing to be told, but nothing to read again.
            elif not page.events:
                yield b": still here\n\n"
            asked = asked.model_copy(update={"after": page.next})
    finally:
        desk.streams -= 1


def _asked(request: Request) -> FeedAsked:
    given: dict[str, Any] = dict(request.query_params)
    given["types"] = request.query_params.getlist("type")
    given.pop("type", None)
    last = request.headers.get("last-event-id")
    if last is not None:
        given["after"] = last
    return FeedAsked.model_validate(given)
