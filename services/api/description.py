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
    plain, packed = await asyncio.to_thread(_written)
    headers = {"Vary": "Accept-Encoding"}
    if takes_gzip(request.headers):
        return Response(packed, media_type=JSON, headers={**headers, **ZIPPED})
    return Response(plain, media_type=JSON, headers=headers)


@cache
def _written() -> tuple[bytes, bytes]:
    plain = to_json(described())
    return plain, zipped(plain)
