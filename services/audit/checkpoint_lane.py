"""The relay's lane of the audit: every signed head, for who holds heads outside of the database."""

from collections.abc import Sequence
from typing import Final, Protocol

from domain.audit.heads import SealKey, SignedHead, SignedRestore
from domain.public.audit_head import Known
from domain.reading import Head
from domain.streaming import CHECKPOINTS, Message, Outgoing, Topic

PAGE: Final = 500  # heads that are published at a time
_HEADERS: Final = (("content-type", b"application/json"),)


class Heads(Protocol):
    """The heads of the database. infra.head_source is behind it."""

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Give the next heads behind a number."""

    def last_below(self, position: int) -> int:
        """Give the number of the last head over less than a position, 0: there is none."""

    def known_keys(self) -> Sequence[SealKey]:
        """Give every public key, the oldest first."""

    def restores(self) -> Sequence[SignedRestore]:
        """Give every restore that was announced, the oldest first."""


class CheckpointLane:
    """Publishes to CHECKPOINTS. For one thread. Implements domain.streaming.Lane.

    Its position is that up to which the last head holds the log; heads over the same events come
    again after a start.

    until: the last position that heads may hold; None: whatever comes
    """

    name: Final = "audit"
    topics: Sequence[Topic] = (CHECKPOINTS,)

    def __init__(self, heads: Heads, *, until: int | None = None) -> None:
        self._heads = heads
        self._until = until
        self._position = 0
        self._number = 0  # of the last head that was given
        self._known = Known(())

    def begin(self, head: Head, position: int) -> None:
        """Go on behind a position; forget what was remembered."""
        self._position = position
        self._number = self._heads.last_below(position)
        self._known = Known(())

    def next(self) -> Outgoing | None:
        """Give the next heads, None if there is none. Raises: InfraError"""
        page = [one for one in self._heads.heads(self._number, PAGE) if self._is_wanted(one)]
        if not page:
            return None
        self._known = Known(self._heads.known_keys(), self._heads.restores())
        messages = [self._message(one) for one in page]
        self._number = page[-1].head.number
        self._position = max(self._position, page[-1].head.events.size)
        return Outgoing(self._position, messages)

    def _is_wanted(self, signed: SignedHead) -> bool:
        return self._until is None or signed.head.events.size <= self._until

    def _message(self, signed: SignedHead) -> Message:
        told = self._known.public(signed)
        value = told.model_dump_json(exclude_none=True).encode()
        return Message(CHECKPOINTS.name, value, key=told.log_id.encode(), headers=_HEADERS)
