"""Looks that many share who ask at once: how far the log is, and who it is that has a key."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Generic, TypeVar

from services.api.callers import Access, Caller

WHO: Final = ("authorization", "x-on-behalf-of")  # headers that say who calls
Seen = TypeVar("Seen")


class SharedLook(Generic[Seen]):
    """A look at something, two of which never go on at once. For one event loop."""

    def __init__(self, look: Callable[[], Awaitable[Seen]]) -> None:
        self._look = look
        self._going: asyncio.Task[Seen] | None = None
        self._next: asyncio.Task[Seen] | None = None

    async def look(self) -> Seen:
        """Give what is seen by a look that begins now or later: what is there by now, is seen.

        Raises: what the look raises
        """
        if self._next is None:
            self._next = asyncio.create_task(self._looked(self._going))
        return await asyncio.shield(self._next)  # Who gives up takes it from nobody else.

    async def _looked(self, before: asyncio.Task[Seen] | None) -> Seen:
        if before is not None:
            await asyncio.wait([before])
        self._going, self._next = self._next, None  # Who comes from now on waits for another one.
        return await self._look()


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
