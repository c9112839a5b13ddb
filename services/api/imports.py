"""Imports over HTTP: files are put part by part, then what is to be imported is handed in.

What is answered is how far it is; GET /v1/imports/{import} tells it again until it has ended.
"""

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Request, Response
from pydantic import Field

from domain.orders.identity import canonical, id_of
from domain.paths.commands import PublishPath
from services.api.commands import command_id_of
from services.api.problems import Turned, reading_parameters
from services.imports.handed_in import ImportWanted, fingerprint
from services.imports.identity import HANDED_IN
from services.imports.jobs import Job
from services.imports.mapping_file import drafts_path
from services.plain_json import to_json
from services.questions.question import Asked

if TYPE_CHECKING:
    from services.api.desk import FrontDesk

RIGHT: Final = "import.start"  # of the kind of commands: it writes
JSON: Final = "application/json"
LARGEST_OFFSET: Final = 2**62


class PartAsked(Asked):
    """Where a part of a file belongs."""

    offset: Annotated[
        int, Field(ge=0, le=LARGEST_OFFSET, description="bytes before it; 0 begins anew")
    ] = 0


async def put_file(desk: "FrontDesk", request: Request) -> Response:
    """Put a part of a file: all of it, where a request holds it."""
    caller = await desk.admit(request)
    desk.access.check_command(caller, RIGHT)
    with reading_parameters():
        asked = PartAsked.model_validate(dict(request.query_params))
    part = await request.body()
    if asked.offset + len(part) > desk.limits.import_bytes:
        raise Turned("too_large", f"a file has {desk.limits.import_bytes:,} bytes at most")
    name = request.path_params["name"]
    put = desk.put_files.put
    async with desk.command_in_time():
        told = await asyncio.to_thread(put, caller.name, name, asked.offset, part)
    return Response(to_json(told), media_type=JSON)


async def start(desk: "FrontDesk", request: Request) -> Response:
    """Hand an import in. Twice is once."""
    caller = await desk.admit(request)
    desk.access.check_command(caller, RIGHT)
    body = await request.body()
    with reading_parameters():
        wanted = ImportWanted.model_validate_json(body)
    if not wanted.dry_run and await _publishes(desk, wanted):
        desk.access.check_command(caller, PublishPath.NAME)
    key = request.headers.get("idempotency-key")
    given = None if key is None else command_id_of(key, caller, desk.key_secret)

    def handed_in() -> str:
        files = {name: desk.put_files.find(caller.name, put) for name, put in wanted.files.items()}
        said = canonical(wanted.model_dump(mode="json"))
        content = fingerprint(files)
        import_id = given or id_of(HANDED_IN, caller.name, said, content)
        digest = f"{content}:{said}" if given is None else f"{caller.name}:{content}:{said}"
        job = Job(import_id, wanted, digest, caller.name, files)
        return to_json(desk.imports.hand_in(job))

    async with desk.command_in_time():
        return Response(await asyncio.to_thread(handed_in), media_type=JSON)


async def _publishes(desk: "FrontDesk", wanted: ImportWanted) -> bool:
    """Say whether a path would be published, too, which needs a right of its own."""
    if wanted.log is None:
        return False
    async with desk.command_in_time():
        return await asyncio.to_thread(drafts_path, desk.system, wanted.log.mapping)
