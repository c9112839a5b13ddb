"""Orders as they were before a batch of their events: remembered, else read from the log."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from domain.messages import Recorded
from domain.orders.events import OrderPlaced
from domain.orders.money import Line
from domain.orders.order import Order
from domain.orders.parts import Placement
from domain.orders.shipments import Shipment
from domain.reading import PAGE_EVENTS, Reading, Undecodable, read_whole

MOST: Final = 20_000  # orders that are remembered
MOST_BYTES: Final = 48 * 1024 * 1024  # that their states take, as held_bytes tells
ORDER_BYTES: Final = 5_000  # in memory, as measured: of a state with its placement
ITEM_BYTES: Final = 1_500  # beside the texts of its line
EACH_BYTES: Final[Mapping[str, int]] = {  # of each of what it holds beside
    "items": ITEM_BYTES,
    "goods": 300,
    "timeline": 190,
    "ledger": 150,
    "voided": 150,
    "documents": 200,
    "fields": 150,
    "held": 120,
    "facts": 200,
    "correctable": 60,
    "annulled": 60,
    "numbers_had": 150,
}
TELLING_BYTES: Final = 1_100  # of each event in the history of an item
PLACEMENT_BYTES: Final = 4_000  # of each further one, and of each line in it
LINE_BYTES: Final = 800  # beside its texts
COLUMN_BYTES: Final = 150  # of each of the source, beside its text
SHIPMENT_BYTES: Final = 500  # of each, and of each movement and each item in it
MOVEMENT_BYTES: Final = 300
PIECE_BYTES: Final = 30
LAST_VERSION: Final = 2**31 - 1  # of a stream

Stored = Recorded | Undecodable
Read = Callable[[Mapping[str, tuple[int, int]]], Sequence[Stored]]  # as OrderLog.read_streams
Follow = Callable[[Order, Stored], Order]

_UNKNOWN: Final = Order()


class RememberedOrders:
    """States by stream, the least recently used go first. For one thread.

    page:   events of a stream that are read at a time
    follow: gives the order after an event, as `after` does
    """

    def __init__(
        self, read: Read, most: int = MOST, page: int = PAGE_EVENTS, follow: Follow | None = None
    ) -> None:
        self._read = read
        self._follow = follow or after
        self._most = most
        self._page = page
        self._states: OrderedDict[str, Order] = OrderedDict()
        self._bytes = 0
        self._held: dict[str, Order] = {}  # as they were before what may be set back
        self._held_bytes = 0

    def at(self, versions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as of a version; see read_at."""
        return read_whole(self.read_at(versions))

    def before(self, positions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as it was before a position; see read_before."""
        return read_whole(self.read_before(positions))

    def read_at(self, versions: Mapping[str, int]) -> Reading[dict[str, Order]]:
        """Give each order as of a version, with one query a page for all that is missing.

        It stays where an event cannot be read: then its version is another one. How far a step has
        come is remembered, so that whoever begins anew goes on from there.
        """
        orders = {stream: self._known(stream, version) for stream, version in versions.items()}
        ends = {s: version for s, version in versions.items() if orders[s].version < version}
        while ends:
            pages = {
                stream: (orders[stream].version, min(orders[stream].version + self._page, end))
                for stream, end in ends.items()
            }
            for one in self._read(pages):
                orders[one.stream_id] = self._follow(orders[one.stream_id], one)
            ends = {s: end for s, end in ends.items() if pages[s][1] == orders[s].version < end}
            if ends:
                self.keep({stream: orders[stream] for stream in ends})
                yield
        return orders

    def read_before(self, positions: Mapping[str, int]) -> Reading[dict[str, Order]]:
        """Give each order as it was before a position, whatever its version was there.

        What is remembered may be of later. Its own last event is read again, which tells: then what
        is held of earlier is tried, and at last the order is read from its beginning.
        """
        known = {stream: self._remembered(stream) for stream in positions}
        orders = {stream: states.pop() for stream, states in known.items()}
        unsure = {stream for stream, order in orders.items() if order.exists}
        going = set(positions)
        while going:
            pages = {stream: self._page_of(orders[stream], stream in unsure) for stream in going}
            found: dict[str, list[Stored]] = {stream: [] for stream in going}
            for one in self._read(pages):
                found[one.stream_id].append(one)
            long = set()
            for stream, events in found.items():
                if stream in unsure and not _is_last(orders[stream], events, positions[stream]):
                    orders[stream] = known[stream].pop()
                    if not orders[stream].exists:
                        unsure.discard(stream)
                    continue
                unsure.discard(stream)
                for one in events:
                    if one.position < positions[stream]:
                        orders[stream] = self._follow(orders[stream], one)
                if orders[stream].version == pages[stream][1]:
                    long.add(stream)
                else:
                    going.discard(stream)
            if long:
                self.keep({stream: orders[stream] for stream in long})
                yield
        return orders

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
            earlier = self._states.pop(stream, None)
            self._states[stream] = order
            self._bytes += held_bytes(order) - (held_bytes(earlier) if earlier else 0)
        while self._states and (len(self._states) > self._most or self._is_full):
            _, gone = self._states.popitem(last=False)
            self._bytes -= held_bytes(gone)

    @property
    def _is_full(self) -> bool:
        return self._bytes + self._held_bytes > MOST_BYTES

    def hold(self, orders: Mapping[str, Order]) -> None:
        """Remember orders also as they are now, until `settle`: what comes to them may be set back,
        and is asked for again. The first ones, at least one, as many as have half of the room.
        """
        for stream, order in orders.items():
            held = self._held.get(stream)
            if not order.exists or (held is not None and held.version <= order.version):
                continue
            size = held_bytes(order)
            self._held_bytes -= held_bytes(held) if held is not None else 0
            if self._held_bytes and self._held_bytes + size > MOST_BYTES // 2:
                self._held.pop(stream, None)
                continue
            self._held[stream] = order
            self._held_bytes += size

    def settle(self) -> None:
        """Hear that nothing is set back any more."""
        self._held.clear()
        self._held_bytes = 0

    def streams_of(self, subjects: Collection[str]) -> set[str]:
        """Name the orders that are remembered of these persons."""
        known = [*self._states.items(), *self._held.items()]
        return {stream for stream, order in known if order.subject_id in subjects}

    def forget(self, streams: Iterable[str]) -> None:
        """Read these from their first event on when they are needed again."""
        for stream in streams:
            order = self._states.pop(stream, None)
            if order is not None:
                self._bytes -= held_bytes(order)
            held = self._held.pop(stream, None)
            if held is not None:
                self._held_bytes -= held_bytes(held)

    def clear(self) -> None:
        """Forget all."""
        self._states.clear()
        self._bytes = 0
        self.settle()


def held_bytes(order: Order) -> int:
    """Say about how much memory a state takes: by how many of each thing it holds, and by the texts
    of lines, which one event may bring by the hundred.
    """
    held = order.__dict__
    counted = ORDER_BYTES + _columns_bytes(order.placed)
    for item in order.items.values():
        counted += _texts_bytes(item.line)
    for name, each in EACH_BYTES.items():
        counted += each * len(held[name])
    for history in order.item_histories.values():
        counted += TELLING_BYTES * len(history.since)
    for further in order.placements[1:]:
        counted += _placement_bytes(further)
    for shipment in order.shipments.values():
        counted += _shipment_bytes(shipment)
    return counted


def _placement_bytes(further: Placement) -> int:
    lines = further.event.lines
    held = LINE_BYTES * len(lines) + sum(map(_texts_bytes, lines))
    return PLACEMENT_BYTES + held + _columns_bytes(further.event)


def _texts_bytes(line: Line) -> int:
    size = sys.getsizeof
    return size(line.item_id) + size(line.sku) + size(line.title) + size(line.seller)


def _columns_bytes(placed: OrderPlaced | None) -> int:
    if placed is None or placed.attributes is None:
        return 0
    texts = placed.attributes.values()
    return COLUMN_BYTES * len(texts) + sum(map(len, texts))


def _shipment_bytes(one: Shipment) -> int:
    return SHIPMENT_BYTES + MOVEMENT_BYTES * len(one.timeline) + PIECE_BYTES * len(one.pieces)


def _is_last(order: Order, events: Sequence[Stored], position: int) -> bool:
    """Whether the last event of a state lies before a position; these begin with it."""
    return bool(events) and events[0].version == order.version and events[0].position < position


def after(order: Order, stored: Stored) -> Order:
    """Give the order after an event; behind one that cannot be read it stays as it was."""
    if isinstance(stored, Undecodable) or stored.version != order.version + 1:
        return order
    return order.evolve(stored)
