"""Orders as they were before a batch of their events: remembered, else read from the log."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from domain.messages import Recorded
from domain.orders.events import OrderPlaced
from domain.orders.order import Order
from domain.orders.parts import Placement
from domain.orders.shipments import Shipment
from domain.reading import Undecodable

MOST: Final = 20_000  # orders that are remembered
MOST_BYTES: Final = 48 * 1024 * 1024  # that their states take, as held_bytes tells
ORDER_BYTES: Final = 5_000  # in memory, as measured: of a state with its placement
ITEM_BYTES: Final = 1_700
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
LINE_BYTES: Final = 1_000
COLUMN_BYTES: Final = 150  # of each of the source, beside its text
SHIPMENT_BYTES: Final = 500  # of each, and of each movement and each item in it
MOVEMENT_BYTES: Final = 300
PIECE_BYTES: Final = 30
LAST_VERSION: Final = 2**31 - 1  # of a stream

Stored = Recorded | Undecodable
Read = Callable[[Mapping[str, tuple[int, int]]], Sequence[Stored]]  # as OrderLog.read_streams

_UNKNOWN: Final = Order()


class RememberedOrders:
    """States by stream, the least recently used go first. For one thread."""

    def __init__(self, read: Read, most: int = MOST) -> None:
        self._read = read
        self._most = most
        self._states: OrderedDict[str, Order] = OrderedDict()
        self._bytes = 0

    def at(self, versions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as of a version, with one query for all that is missing.

        It stays where an event cannot be read: then its version is another one.
        """
        orders = {stream: self._known(stream, version) for stream, version in versions.items()}
        missing = {
            stream: (orders[stream].version, version)
            for stream, version in versions.items()
            if orders[stream].version < version
        }
        for one in self._read(missing) if missing else ():
            orders[one.stream_id] = after(orders[one.stream_id], one)
        return orders

    def before(self, positions: Mapping[str, int]) -> dict[str, Order]:
        """Give each order as it was before a position, whatever its version was there.

        What is remembered may be of later. Its own last event is read again, which tells: then the
        order is read from its beginning.
        """
        known = {stream: self._states.get(stream, _UNKNOWN) for stream in positions}
        since = {stream: order.version for stream, order in known.items()}
        found = self._since(since)
        later = {
            stream: 0
            for stream, order in known.items()
            if order.exists and not _is_last(order, found[stream], positions[stream])
        }
        found |= self._since(later)
        orders = known | dict.fromkeys(later, _UNKNOWN)
        for stream, events in found.items():
            for one in events:
                if one.position < positions[stream]:
                    orders[stream] = after(orders[stream], one)
        return orders

    def _since(self, versions: Mapping[str, int]) -> dict[str, list[Stored]]:
        found: dict[str, list[Stored]] = {stream: [] for stream in versions}
        wanted = {stream: (max(own - 1, 0), LAST_VERSION) for stream, own in versions.items()}
        for one in self._read(wanted) if wanted else ():
            found[one.stream_id].append(one)
        return found

    def _known(self, stream: str, version: int) -> Order:
        known = self._states.get(stream, _UNKNOWN)
        return known if known.version <= version else _UNKNOWN

    def keep(self, orders: Mapping[str, Order]) -> None:
        """Remember states that stand in the log."""
        for stream, order in orders.items():
            earlier = self._states.pop(stream, None)
            self._states[stream] = order
            self._bytes += held_bytes(order) - (held_bytes(earlier) if earlier else 0)
        while len(self._states) > self._most or self._bytes > MOST_BYTES:
            _, gone = self._states.popitem(last=False)
            self._bytes -= held_bytes(gone)

    def forget(self, streams: Iterable[str]) -> None:
        """Read these from their first event on when they are needed again."""
        for stream in streams:
            order = self._states.pop(stream, None)
            if order is not None:
                self._bytes -= held_bytes(order)

    def clear(self) -> None:
        """Forget all."""
        self._states.clear()
        self._bytes = 0


def held_bytes(order: Order) -> int:
    """Say about how much memory a state takes, by how many of each thing it holds."""
    held = order.__dict__
    counted = ORDER_BYTES + _columns_bytes(order.placed)
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
    lines = LINE_BYTES * len(further.event.lines)
    return PLACEMENT_BYTES + lines + _columns_bytes(further.event)


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
