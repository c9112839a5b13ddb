"""Orders as they were before a batch of their events: remembered, else read from the log."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from domain.messages import Recorded
from domain.orders.order import Order
from domain.reading import Undecodable

MOST: Final = 20_000  # orders that are remembered

Stored = Recorded | Undecodable
Read = Callable[[Mapping[str, tuple[int, int]]], Sequence[Stored]]  # as OrderLog.read_streams

_UNKNOWN: Final = Order()


class RememberedOrders:
    """States by stream, the least recently used go first. For one thread."""

    def __init__(self, read: Read, most: int = MOST) -> None:
        self._read = read
        self._most = most
        self._states: OrderedDict[str, Order] = OrderedDict()

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

    def _known(self, stream: str, version: int) -> Order:
        known = self._states.get(stream, _UNKNOWN)
        return known if known.version <= version else _UNKNOWN

    def keep(self, orders: Mapping[str, Order]) -> None:
        """Remember states that stand in the log."""
        for stream, order in orders.items():
            self._states[stream] = order
            self._states.move_to_end(stream)
        while len(self._states) > self._most:
            self._states.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._states.clear()


def after(order: Order, stored: Stored) -> Order:
    """Give the order after an event; behind one that cannot be read it stays as it was."""
    if isinstance(stored, Undecodable) or stored.version != order.version + 1:
        return order
    return order.evolve(stored)
