"""Orders as they were before a batch of their events: remembered, else read from the log."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from domain.messages import Recorded
from domain.orders.held_bytes import held_bytes
from domain.orders.order import Order
from domain.reading import IMPOSSIBLE, PAGE_BYTES, PAGE_EVENTS, Reading, Undecodable, read_whole

MOST: Final = 20_000  # orders that are remembered
MOST_BYTES: Final = 48 * 1024 * 1024  # that their states take, as held_bytes tells
LAST_VERSION: Final = 2**31 - 1  # of a stream

Stored = Recorded | Undecodable
Read = Callable[[Mapping[str, tuple[int, int]]], Sequence[Stored]]  # as OrderLog.read_streams
Parts = Mapping[str, tuple[int, int]]  # of streams: above one version, and up to another
Cut = Callable[[Parts, int], Parts]  # as OrderLog.cut_parts

_UNKNOWN: Final = Order()


class RememberedOrders:
    """States by stream, the least recently used go first. For one thread.

    page: events of a stream that are read at a time
    cut:  holds what is read at a time to PAGE_BYTES; None: it is not much
    torn: streams that could not be read as far as was asked, when it was asked last
    """

    def __init__(
        self, read: Read, most: int = MOST, page: int = PAGE_EVENTS, cut: Cut | None = None
    ) -> None:
        self.torn: set[str] = set()
        self._read = read
        self._cut = cut or _uncut
        self._most = most
        self._page = page
        self._states: OrderedDict[str, Order] = OrderedDict()
        self._sizes: dict[str, int] = {}  # bytes of each of them, as they were kept
        self._bytes = 0
        self._held: dict[str, Order] = {}  # as they were before what may be set back
        self._held_sizes: dict[str, int] = {}
        self._held_bytes = 0

    def at(self, versions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as of a version; see read_at."""
        return read_whole(self.read_at(versions))

    def before(self, positions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as it was before a position; see read_before."""
        return read_whole(self.read_before(positions))

    def read_at(self, versions: Mapping[str, int]) -> Reading[dict[str, Order]]:
        """Give each order as of a version, with one query a page for all that is missing.

        It stays where an event cannot be read: then its version is another one, and it is `torn`.
        How far a step has come is remembered, so that whoever begins anew goes on from there.
        """
        orders = {stream: self._known(stream, version) for stream, version in versions.items()}
        ends = {s: version for s, version in versions.items() if orders[s].version < version}
        while ends:
            pages = self._cut(
                {
                    stream: (orders[stream].version, min(orders[stream].version + self._page, end))
                    for stream, end in ends.items()
                },
                PAGE_BYTES,
            )
            for one in self._read(pages):
                orders[one.stream_id] = after(orders[one.stream_id], one)
            ends = {
                s: end
                for s, end in ends.items()
                if s not in pages or pages[s][1] == orders[s].version < end
            }
            if ends:
                self.keep({stream: orders[stream] for stream in pages})
                yield
        self._note_torn(orders, {s for s, end in versions.items() if orders[s].version < end})
        return orders

    def read_before(self, positions: Mapping[str, int]) -> Reading[dict[str, Order]]:
        """Give each order as it was before a position, whatever its version was there.

        What is remembered may be of later. Its own last event is read again, which tells: then what
        is held of earlier is tried, and at last the order is read from its beginning.
        """
        known = {stream: self._remembered(stream) for stream in positions}
        orders = {stream: states.pop() for stream, states in known.items()}
        unsure = {stream for stream, order in orders.items() if order.exists}
        torn: set[str] = set()
        going = set(positions)
        while going:
            pages = self._cut(
                {stream: self._page_of(orders[stream], stream in unsure) for stream in going},
                PAGE_BYTES,
            )
            found: dict[str, list[Stored]] = {stream: [] for stream in pages}
            for one in self._read(pages):
                found[one.stream_id].append(one)
            long, read = going - pages.keys(), set()
            for stream, events in found.items():
                if stream in unsure and not _is_last(orders[stream], events, positions[stream]):
                    orders[stream] = known[stream].pop()
                    if not orders[stream].exists:
                        unsure.discard(stream)
                    continue
                unsure.discard(stream)
                read.add(stream)
                for one in events:
                    is_later = one.position >= positions[stream]
                    if not is_later:
                        orders[stream] = after(orders[stream], one)
                    if orders[stream].version < one.version - is_later:
                        torn.add(stream)
                    if is_later:
                        break
                end, last = pages[stream][1], events[-1].version if events else 0
                # One short of its end, too: the last row of a page may be gone.
                if orders[stream].version == end or orders[stream].version == last == end - 1:
                    long.add(stream)
                else:
                    going.discard(stream)
            if long:
                self.keep({stream: orders[stream] for stream in read})
                yield
        self._note_torn(orders, torn)
        return orders

    def _note_torn(self, asked: Iterable[str], torn: set[str]) -> None:
        self.torn.difference_update(asked)
        self.torn |= torn

    def _page_of(self, order: Order, unsure: bool) -> tuple[int, int]:
        return order.version - unsure, order.version + self._page

    def _remembered(self, stream: str) -> list[Order]:
        """Give what is known of an order, the latest last."""
        known = [one[stream] for one in (self._held, self._states) if stream in one]
        return [_UNKNOWN, *sorted(known, key=attrgetter("version"))]

    def _known(self, stream: str, version: int) -> Order:
        """Give the latest that is known of an order up to a version."""
        return next(one for one in self._remembered(stream)[::-1] if one.version <= version)

    def keep(self, orders: Mapping[str, Order]) -> None:
        """Remember states that stand in the log."""
        for stream, order in orders.items():
            self._drop(stream)
            self._states[stream] = order
            self._sizes[stream] = size = held_bytes(order)
            self._bytes += size
        while self._states and (len(self._states) > self._most or self._is_full):
            self._drop(next(iter(self._states)))

    def _drop(self, stream: str) -> None:
        self._states.pop(stream, None)
        self._bytes -= self._sizes.pop(stream, 0)

    @property
    def _is_full(self) -> bool:
        return self._bytes + self._held_bytes > MOST_BYTES

    def hold(self, orders: Mapping[str, Order]) -> None:
        """Remember orders also as they are now, until `settle`: what comes to them may be set back,
        and is asked for again. As many as have half of the room, the first of these in any case:
        else whoever needs it alone would read it for ever.
        """
        for number, (stream, order) in enumerate(orders.items()):
            held = self._held.get(stream)
            if not order.exists or (held is not None and held.version <= order.version):
                continue
            size = held_bytes(order)
            self._let_go(stream)
            if self._held_bytes + size > MOST_BYTES // 2:
                if number:
                    continue
                self.settle()
            self._held[stream], self._held_sizes[stream] = order, size
            self._held_bytes += size

    def _let_go(self, stream: str) -> None:
        self._held.pop(stream, None)
        self._held_bytes -= self._held_sizes.pop(stream, 0)

    def settle(self) -> None:
        """Hear that nothing is set back any more."""
        self._held.clear()
        self._held_sizes.clear()
        self._held_bytes = 0

    def streams_of(self, subjects: Collection[str]) -> set[str]:
        """Name the orders that are remembered of these persons."""
        known = [*self._states.items(), *self._held.items()]
        return {stream for stream, one in known if not one.subjects.isdisjoint(subjects)}

    def forget(self, streams: Iterable[str]) -> None:
        """Read these from their first event on when they are needed again."""
        for stream in streams:
            self._drop(stream)
            self._let_go(stream)

    def clear(self) -> None:
        """Forget all."""
        self._states.clear()
        self._sizes.clear()
        self._bytes = 0
        self.torn.clear()
        self.settle()


def _uncut(parts: Parts, most_bytes: int) -> Parts:
    return parts


def _is_last(order: Order, events: Sequence[Stored], position: int) -> bool:
    """Whether the last event of a state lies before a position; these begin with it."""
    return bool(events) and events[0].version == order.version and events[0].position < position


def after(order: Order, stored: Stored) -> Order:
    """Give the order after an event; behind one that cannot be read, or that tells what cannot be,
    it stays as it was.
    """
    if isinstance(stored, Undecodable) or stored.version != order.version + 1:
        return order
    try:
        return order.evolve(stored)
    except IMPOSSIBLE:
        return order
