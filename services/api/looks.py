"""Looks at who calls, for those who wait: all who wait with one key are served by one look."""

import asyncio
from collections.abc import Mapping
from typing import Final

from services.api.callers import Access, Caller

WHO: Final = ("authorization", "x-on-behalf-of")  # headers that say who calls


class Looks:
    """The looks that go on now. For one event loop."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._going: dict[tuple[str | None, ...], asyncio.Task[Caller]] = {}

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Tell who calls, as Access does. Raises: UnknownCaller, Denied, InfraError"""
        who = tuple(headers.get(name) for name in WHO)
        look = self._going.get(who)
        if look is None:
            look = self._going[who] = asyncio.ensure_future(self._looked(who, headers))
        return await asyncio.shield(look)  # Who gives up takes it from nobody else.

    async def _looked(self, who: tuple[str | None, ...], headers: Mapping[str, str]) -> Caller:
        try:
            return await self._access.caller(headers)
        finally:
            del self._going[who]
