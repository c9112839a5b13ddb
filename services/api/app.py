"""The application: every place of the API, each with the right that it needs, and one desk.

Called by services.api.serving, and by tests. services.api.openapi describes it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from services.api import commands, description, feed, health, imports
from services.api.asking import handler_of
from services.api.callers import Access
from services.api.chores import NOTE_SECONDS, do_now_and_then
from services.api.desk import FrontDesk
from services.api.edge import Edge
from services.api.limits import Limits
from services.api.problems import MEDIA_TYPE, Problem
from services.api.readers import Readers
from services.imports.jobs import FOLDER, ImportJobs
from services.questions.catalog import BY_NAME
from services.questions.question import PUBLIC
from services.together import Together

if TYPE_CHECKING:
    from services.bootstrap import System

BELOW: Final = "/v1"
BY_COMMAND: Final = "the command's own name"
Handler = Callable[[FrontDesk, Request], Awaitable[Response]]

log_ = structlog.get_logger()

# Place, method, right, handler. Questions come from their registry beside these.
PLACES: Final[tuple[tuple[str, str, str, Handler], ...]] = (
    ("/v1/commands", "POST", BY_COMMAND, commands.send),
    ("/v1/commands/batch", "POST", BY_COMMAND, commands.send_batch),
    ("/v1/imports/files/{name}", "PUT", imports.RIGHT, imports.put_file),
    ("/v1/imports", "POST", imports.RIGHT, imports.start),
    ("/v1/events", "GET", feed.RIGHT, feed.events),
    ("/v1/openapi.json", "GET", PUBLIC, description.tell),
    ("/health/live", "GET", PUBLIC, health.live),
    ("/health/ready", "GET", PUBLIC, health.ready),
    ("/health/lag", "GET", health.RIGHT, health.lag),
    ("/metrics", "GET", health.RIGHT, health.metrics),
)


def create_app(
    system: "System",
    access: Access,
    limits: Limits | None = None,
    *,
    another: "Callable[[], System] | None" = None,
) -> FastAPI:
    """Give the application over an open system.

    another: opens one more System on the same database, for a thread that reads
    """
    chosen = limits or Limits()
    app = FastAPI(
        title="Orderpath",
        lifespan=partial(_open_desk, system, access, chosen, another or system.another),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Edge)
    app.add_exception_handler(HTTPException, _no_such_place)  # type: ignore[arg-type]
    app.state.rights = {}
    for place, method, right, handler in PLACES:
        _add(app, place, method, right, handler)
    for question in BY_NAME.values():
        place = BELOW + question.at
        app.add_api_route(
            place, handler_of(question), methods=[question.method], response_model=None,
            name=question.name, operation_id=question.name,
        )  # fmt: skip
        app.state.rights[place, question.method] = question.right
    return app


def _add(app: FastAPI, place: str, method: str, right: str, handler: Handler) -> None:
    async def at_desk(request: Request) -> Response:
        return await handler(request.app.state.desk, request)

    name = f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}"
    app.add_api_route(
        place, at_desk, methods=[method], response_model=None, name=name, operation_id=name
    )
    app.state.rights[place, method] = right


@asynccontextmanager
async def _open_desk(
    system: "System",
    access: Access,
    limits: Limits,
    another: "Callable[[], System]",
    app: FastAPI,
) -> AsyncIterator[None]:
    readers = Readers(another, limits.readers, limits.questions_waiting)
    watcher = Readers(another, 1, 16, "watcher")
    forwarder = Readers(another, 1, 1, "forwarder")
    log_id = await watcher.run(lambda own: own.log.head().log_id)
    await watcher.run(lambda own: own.prepare_projections())
    secret = await watcher.run(lambda own: own.key_store.command_secret())
    jobs = ImportJobs(system.settings.data_dir / FOLDER, another, system.clock)
    told = Together(description.write)
    desk = FrontDesk(
        system, access, limits, readers, watcher, forwarder, log_id, jobs, secret, told
    )
    await asyncio.to_thread(desk.forget_old)
    desk.positions.saw(await watcher.run(lambda own: own.log.head().position))
    watching = asyncio.create_task(desk.positions.watch())
    ended = asyncio.Event()
    chores = [
        asyncio.create_task(do_now_and_then(chore, seconds, ended, undone=undone))
        for chore, seconds, undone in (
            (access.write_notes, NOTE_SECONDS, "notes_not_written"),
            (desk.forget_old, limits.tidy_seconds, "old_files_not_removed"),
        )
    ]
    app.state.desk = desk
    try:
        yield
    finally:
        desk.ending.set()
        watching.cancel()
        await _ended([watching])
        try:
            await asyncio.to_thread(desk.close)
        finally:
            ended.set()
            await _ended(chores)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Wait until they have ended, whatever became of them: what comes behind them is done, too."""
    await asyncio.wait(tasks)
    for one in tasks:
        error = None if one.cancelled() else one.exception()
        if error is not None:  # Not what it says: personal data may stand in that.
            log_.error("task_failed", error=type(error).__name__)


async def _no_such_place(request: Request, error: HTTPException) -> Response:
    """Tell what the router says, as any other problem."""
    code = "no_such_method" if error.status_code == 405 else "no_such_place"
    problem = Problem(code, "/v1/openapi.json lists every place and its method")
    headers = {**(dict(error.headers) if error.headers else {})}
    if headers.get("Allow") == "GET":
        headers["Allow"] = "GET, HEAD"
    return Response(to_json(problem.body), problem.told_status, headers, MEDIA_TYPE)


def rights_of(app: FastAPI) -> dict[tuple[str, str], str]:
    """Give the right of every place and method: a test walks it."""
    found: dict[tuple[str, str], Any] = app.state.rights
    return dict(found)
