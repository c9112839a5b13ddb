"""Customers as they were at positions of the log: remembered, else read from the log."""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from domain.customers.customer import Customer
from domain.customers.held_bytes import held_bytes
from domain.messages import Recorded
from domain.reading import IMPOSSIBLE, PAGE_EVENTS, Reading, Undecodable

MOST: Final = 20_000  # states that are remembered, and answers that are held
MOST_BYTES: Final = 24 * 1024 * 1024  # that either of them take, as held_bytes tells

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

    Of a long stream one is remembered for each page, as shards ask for positions that are apart;
    fewer where they are so large that they take all the room.

    page: events of a stream that are read at a time
    """

    def __init__(self, read: Read, most: int = MOST, page: int = PAGE_EVENTS) -> None:
        self._read = read
        self._most = most
        self._page = page
        self._known: OrderedDict[str, list[Known]] = OrderedDict()  # by position
        self._sizes: dict[At, int] = {}  # bytes of each of them
        self._bytes = 0
        self._held: dict[At, Customer] = {}
        self._held_bytes = 0

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
        self._held_bytes = 0

    def _hold(self, told: Mapping[At, Customer | None]) -> None:
        if len(self._held) > self._most or self._held_bytes > MOST_BYTES:
            self.settle()
        for at, customer in told.items():
            if customer is not None and at not in self._held:
                self._held[at] = customer
                self._held_bytes += held_bytes(customer)

    def _latest(self, stream: str, position: int) -> Known:
        """Give the latest state that is known of up to a position."""
        known = self._known.get(stream, [])
        place = bisect_right(known, position, key=_position)
        return known[place - 1] if place else _UNKNOWN

    def _keep(self, stream: str, new: Known) -> None:
        """Remember a state: the one at the end of each page, and one within it."""
        known: list[Known] = []
        for one in self._known.pop(stream, []):
            if self._gives_way(one, new):
                self._let_go(stream, one)
            else:
                known.append(one)
        if new.version:
            insort(known, new, key=_position)
            self._sizes[stream, new.position] = size = held_bytes(new.customer)
            self._bytes += size
        self._known[stream] = known
        while self._is_full and len(self._known) > 1:
            other, gone = self._known.popitem(last=False)
            for one in gone:
                self._let_go(other, one)
        while self._bytes > MOST_BYTES and len(known) > 1:
            self._let_go(stream, known.pop(1 if known[0] is new else 0))

    @property
    def _is_full(self) -> bool:
        return len(self._sizes) > self._most or self._bytes > MOST_BYTES

    def _let_go(self, stream: str, one: Known) -> None:
        self._bytes -= self._sizes.pop((stream, one.position))

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
