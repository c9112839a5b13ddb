"""Whether the server lives and is ready, how far the tables are, and its numbers for Prometheus."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request, Response

from domain.refusals import InfraError
from services.api.asking import JSON
from services.api.counts import MEDIA_TYPE
from services.api.problems import Turned
from services.api.tables import reached
from services.plain_json import to_json

if TYPE_CHECKING:
    from services.api.desk import FrontDesk
    from services.bootstrap import System

RIGHT: Final = "operations.read"
READY_SECONDS: Final = 2.0


async def live(_: "FrontDesk", __: Request) -> Response:
    """Say that the process answers."""
    return Response('{"live":true}', media_type=JSON)


async def ready(desk: "FrontDesk", _: Request) -> Response:
    """Say that it can take commands: the database answers, and the server does not end."""
    if desk.ending.is_set():
        raise Turned("busy", "the server ends", retry_seconds=1)
    try:
        async with asyncio.timeout(READY_SECONDS):
            position = await desk.head.wait()
    except TimeoutError:
        raise InfraError("database_unavailable", "PostgreSQL does not answer in time") from None
    desk.positions.saw(position)
    return Response('{"ready":true}', media_type=JSON)


async def lag(desk: "FrontDesk", request: Request) -> Response:
    """Say how far each read model is behind the log."""
    caller = await desk.admit(request, right=RIGHT)

    def look(system: "System") -> dict[str, Any]:
        found = system.read_models.list_projections()
        seen = reached(system)
        return {
            "position": seen.head,
            "tables": seen.tables,
            "projections": [
                {
                    "name": one.name,
                    "state": one.state,
                    "position": one.position,
                    "lag": one.lag,
                    "oldest_waiting_at": one.oldest_waiting_at,
                    "parked": one.parked,
                }
                for one in found
            ],
        }

    return Response(to_json(await desk.read(caller, RIGHT, look)), media_type=JSON)


async def metrics(desk: "FrontDesk", request: Request) -> Response:
    """Give the numbers of this process, as Prometheus reads them."""
    await desk.admit(request, right=RIGHT)
    counts = desk.counts
    counts.position.set(desk.positions.known)
    counts.in_hand.set(desk.in_hand)
    counts.streams.set(desk.streams.taken)
    counts.polls.set(desk.polls.taken)
    counts.lines.set(desk.lines)
    seen = await desk.reached.wait()
    counts.lag.set(seen.head - seen.tables)
    return Response(counts.text(), media_type=MEDIA_TYPE)
