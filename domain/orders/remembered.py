"""Orders as they were before a batch of their events: remembered, else read from the log."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from domain.messages import Recorded
from domain.orders.order import Order
from domain.reading import Undecodable

MOST: Final = 20_000  # orders that are remembered
MOST_BYTES: Final = 48 * 1024 * 1024  # that their states take, as held_bytes tells
ORDER_BYTES: Final = 5_000  # in memory: of a state, and of each item in it, as measured
ITEM_BYTES: Final = 1_700
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

    def clear(self) -> None:
        """Forget all."""
        self._states.clear()
        self._bytes = 0


def held_bytes(order: Order) -> int:
    """Say about how much memory a state takes: nearly all of a large one is its items."""
    return ORDER_BYTES + ITEM_BYTES * len(order.items)


def _is_last(order: Order, events: Sequence[Stored], position: int) -> bool:
    """Whether the last event of a state lies before a position; these begin with it."""
    return bool(events) and events[0].version == order.version and events[0].position < position


def after(order: Order, stored: Stored) -> Order:
    """Give the order after an event; behind one that cannot be read it stays as it was."""
    if isinstance(stored, Undecodable) or stored.version != order.version + 1:
        return order
    return order.evolve(stored)
