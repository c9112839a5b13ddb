"""The description of the API, for anybody: it is written and zipped once."""

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from fastapi import Request, Response
from pydantic_core import to_json

from services.api.asking import JSON
from services.api.openapi import described
from services.api.zipping import ZIPPED, takes_gzip, zipped

if TYPE_CHECKING:
    from services.api.desk import FrontDesk


async def tell(desk: "FrontDesk", request: Request) -> Response:
    """Give the document. Raises: Turned too_many"""
    desk.admit_anybody(request)
    plain, packed = await desk.description.wait()
    headers = {"Vary": "Accept-Encoding"}
    if takes_gzip(request.headers):
        return Response(packed, media_type=JSON, headers={**headers, **ZIPPED})
    return Response(plain, media_type=JSON, headers=headers)


async def write() -> tuple[bytes, bytes]:
    """Give the document, and the same zipped; the event loop goes on while it is written."""
    return await asyncio.to_thread(written)


@cache
def written() -> tuple[bytes, bytes]:
    plain = to_json(described())
    return plain, zipped(plain)
