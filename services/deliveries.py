"""Deliveries of events, and the parts in which the projector takes them: as large as they come, and
smaller ones while its sessions are lost for standing still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain.messages import Recorded
from domain.reading import Undecodable

BEFORE_GROWING: Final = 8  # parts that went well, one after another


@dataclass(frozen=True, slots=True)
class Delivery:
    """Some consecutive events of one shard: all that there are behind `prev`, up to `last`."""

    log_id: UUID
    epoch: int
    shard: int
    prev: int
    last: int
    events: Sequence[Recorded | Undecodable]


class Parts:
    """How many events are taken at a time. For one thread."""

    def __init__(self) -> None:
        self._most: int | None = None  # events; None: as many as come
        self._went_well = 0  # parts since the size has changed
        self._latest = 0  # events of the largest part since it was without bounds

    def cut(self, deliveries: Sequence[Delivery]) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
        """Give the part that comes first in log order, and what is left behind it."""
        if self._most is None:
            return deliveries, ()
        positions = [event.position for one in deliveries for event in one.events]
        if len(positions) <= self._most:
            return deliveries, ()
        up_to = sorted(positions)[self._most - 1]
        pairs = [_cut(one, up_to) for one in deliveries]
        first, rest = (
            [one for one in side if one is not None] for side in zip(*pairs, strict=True)
        )
        return first, rest

    def shrink(self, part: Sequence[Delivery]) -> bool:
        """Take half of what this part was; False: there is no smaller one."""
        events = sum(len(one.events) for one in part)
        if events <= 1:
            return False
        self._latest = max(self._latest, events)
        self._most, self._went_well = events // 2, 0
        return True

    def grow(self) -> None:
        """Hear that a part went well: after some of them twice as many are tried."""
        if self._most is None:
            return
        self._went_well += 1
        if self._went_well == BEFORE_GROWING:
            self._went_well = 0
            self._most *= 2
            if self._most >= self._latest:
                self._most, self._latest = None, 0


def _cut(one: Delivery, up_to: int) -> tuple[Delivery | None, Delivery | None]:
    """Cut one in two. What has no events is where it ends."""
    if not one.events:
        return (one, None) if one.last <= up_to else (None, one)
    first = [event for event in one.events if event.position <= up_to]
    if len(first) == len(one.events):
        return one, None
    if not first:
        return None, one
    last = first[-1].position
    rest = one.events[len(first) :]
    return replace(one, last=last, events=first), replace(one, prev=last, events=rest)
