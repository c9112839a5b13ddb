"""Customers as they were at positions of the log: remembered, else read from the log."""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from domain.customers.customer import Customer
from domain.messages import Recorded
from domain.reading import IMPOSSIBLE, PAGE_EVENTS, Reading, Undecodable

MOST: Final = 20_000  # states that are remembered, and answers that are held

Stored = Recorded | Undecodable
Read = Callable[[Mapping[str, tuple[int, int]]], Sequence[Stored]]  # as OrderLog.read_streams
At = tuple[str, int]  # a stream, and a position of the log


@dataclass(frozen=True, slots=True)
class Known:
    """A customer behind an event."""

    position: int
    version: int
    customer: Customer


_UNKNOWN: Final = Known(0, 0, Customer())
_position = attrgetter("position")


class RememberedCustomers:
    """States by stream, the least recently used go first. For one thread.

    Of a long stream one is remembered for each page, as shards ask for positions that are apart.

    page: events of a stream that are read at a time
    """

    def __init__(self, read: Read, most: int = MOST, page: int = PAGE_EVENTS) -> None:
        self._read = read
        self._most = most
        self._page = page
        self._known: OrderedDict[str, list[Known]] = OrderedDict()  # by position
        self._count = 0  # of all of them
        self._held: dict[At, Customer] = {}

    def read_at(self, asked: Mapping[str, Sequence[int]]) -> Reading[Mapping[At, Customer | None]]:
        """Give each customer as of positions, with one query a page for all that is missing; None
        behind what cannot be read, which is not remembered.

        What was given is held until `settle`: what it is for may be set back, and asked again.
        """
        told: dict[At, Customer | None] = {
            (stream, at): self._held[stream, at]
            for stream, positions in asked.items()
            for at in positions
            if (stream, at) in self._held
        }
        left = {
            stream: sorted({at for at in positions if (stream, at) not in told}, reverse=True)
            for stream, positions in asked.items()
        }
        going = {s: self._latest(s, positions[-1]) for s, positions in left.items() if positions}
        while going:
            pages = {stream: self._page_behind(one.version) for stream, one in going.items()}
            found: dict[str, list[Stored]] = {stream: [] for stream in going}
            for event in self._read(pages):
                found[event.stream_id].append(event)
            before, going = going, {}
            for stream, events in found.items():
                known, coming = before[stream], left[stream]
                for event in events:
                    # What is missing stood anywhere behind the last event that is known.
                    follows = event.version == known.version + 1
                    end = event.position if follows else known.position + 1
                    while coming and coming[-1] < end:
                        told[stream, coming.pop()] = known.customer
                    if not coming:
                        break
                    behind = _behind(known, event)
                    if behind is None:
                        told |= {(stream, at): None for at in coming}
                        coming.clear()
                        break
                    known = behind
                self._keep(stream, known)
                # One short of its end, too: the last row of a page may be gone.
                if coming and known.version >= pages[stream][1] - 1:
                    going[stream] = known
                else:
                    told |= {(stream, at): known.customer for at in coming}
            if going:
                yield
        self._hold(told)
        return told

    def settle(self) -> None:
        """Hear that nothing is set back any more."""
        self._held.clear()

    def _hold(self, told: Mapping[At, Customer | None]) -> None:
        if len(self._held) > self._most:
            self._held.clear()
        self._held |= {at: customer for at, customer in told.items() if customer is not None}

    def _latest(self, stream: str, position: int) -> Known:
        """Give the latest state that is known of up to a position."""
        known = self._known.get(stream, [])
        place = bisect_right(known, position, key=_position)
        return known[place - 1] if place else _UNKNOWN

    def _keep(self, stream: str, new: Known) -> None:
        """Remember a state: the one at the end of each page, and one within it."""
        earlier = self._known.pop(stream, [])
        known = [one for one in earlier if not self._gives_way(one, new)]
        if new.version:
            insort(known, new, key=_position)
        self._known[stream] = known
        self._count += len(known) - len(earlier)
        while self._count > self._most and len(self._known) > 1:
            _, gone = self._known.popitem(last=False)
            self._count -= len(gone)

    def _gives_way(self, one: Known, new: Known) -> bool:
        is_within = one.version % self._page and new.version % self._page
        same_page = one.version // self._page == new.version // self._page
        return one.version == new.version or bool(is_within and same_page)

    def _page_behind(self, version: int) -> tuple[int, int]:
        """Read behind a version to the end of a page; of the next one where one row is left."""
        return version, ((version + 1) // self._page + 1) * self._page


def _behind(known: Known, event: Stored) -> Known | None:
    """Give what is known behind an event; None: it cannot be read, or tells what cannot be, or one
    before it is missing.
    """
    if isinstance(event, Undecodable) or event.version != known.version + 1:
        return None
    try:
        return Known(event.position, event.version, known.customer.evolve(event))
    except IMPOSSIBLE:
        return None
