"""The events of a batch as rules see them: with the order before and behind each, and its customer.

Everything that the batch does not hold is read from the log, up to the position of the event: so it
is the same whenever, and by whomever, an event is judged.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import Final

from domain.customers.customer import Customer
from domain.customers.events import customer_stream
from domain.messages import Event, Recorded
from domain.orders.events import ORDER_EVENTS
from domain.orders.order import Order
from domain.orders.remembered import LAST_VERSION, RememberedOrders, after, held_bytes
from domain.reading import OrderLog, Undecodable
from domain.rules.book import RuleBook
from domain.rules.judging import Sight
from domain.rules.timers import TimerFired
from domain.stock.events import StockBelowThreshold

READ_AT_ONCE: Final = 32  # events, with the orders that they are about
ORDERS_BYTES: Final = 24 * 1024 * 1024  # of the orders of a part, as they were before it
Part = tuple[Sequence[Recorded], dict[str, Order]]  # events, and their orders before them
SEEN: Final[frozenset[type[Event]]] = frozenset({*ORDER_EVENTS, TimerFired, StockBelowThreshold})


def order_stream(event: Recorded) -> str:
    """Name the stream of the order that an event is about; a timer has a stream beside it."""
    return f"order-{event.entity_id}"


class Sights:
    """Remembers orders; for one thread. imported: also what an import tells is seen"""

    def __init__(self, log: OrderLog, *, imported: bool = False) -> None:
        self._log = log
        self._orders = RememberedOrders(log.read_streams)
        self._imported = imported

    def see(
        self, events: Sequence[Recorded], book: RuleBook, most: int
    ) -> Iterator[Sequence[Sight]]:
        """Give what rules see of events, in log order and in parts: each of so many events at most,
        and of not many where their orders are large. In a part there may be nothing to see.

        Raises: InfraError
        """
        for part, before in self._parts(self._told_of(events), most):
            yield self._seen(part, before, book)

    def _told_of(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Leave out what rules do not look at, and orders of which nobody but an import tells."""
        seen = [one for one in events if type(one.event) in SEEN]
        if self._imported:
            return seen
        orders = {order_stream(one) for one in seen if one.actor_kind != "import"}
        return [one for one in seen if order_stream(one) in orders]

    def _parts(self, events: Sequence[Recorded], most: int) -> Iterator[Part]:
        part: list[Recorded] = []
        before: dict[str, Order] = {}
        held = 0
        for at in range(0, len(events), READ_AT_ONCE):
            if len(part) >= most or held >= ORDERS_BYTES:
                yield part, before
                part, before, held = [], {}, 0
            few = events[at : at + READ_AT_ONCE]
            new = self._before(
                [one for one in few if _is_of_order(one) and order_stream(one) not in before]
            )
            self._orders.keep(new)  # What was remembered before gives way while these are held.
            part += few
            before |= new
            held += sum(map(held_bytes, new.values()))
        if part:
            yield part, before

    def _seen(
        self, events: Sequence[Recorded], orders: dict[str, Order], book: RuleBook
    ) -> list[Sight]:
        """orders: as they were before the events; they come to be as they are behind them"""
        every = [_sight(one, orders) for one in events]
        self._orders.keep(orders)
        sights = [one for one in every if self._imported or one.happened.actor_kind != "import"]
        paths = self._log.load_paths(list({one.after.pinned for one in sights}))
        customers = self._customers(sights, book)
        for sight in sights:
            sight.path = paths.get(sight.after.pinned)
            sight.customer = customers.at(sight)
        return sights

    def _before(self, seen: Sequence[Recorded]) -> dict[str, Order]:
        """Give each order as it was before the first of these events."""
        firsts: dict[str, Recorded] = {}
        for one in seen:
            firsts.setdefault(order_stream(one), one)
        known = {
            stream: one.version - 1 for stream, one in firsts.items() if one.stream_id == stream
        }
        beside = {stream: one.position for stream, one in firsts.items() if one.stream_id != stream}
        return self._orders.at(known) | self._orders.before(beside)

    def _customers(self, sights: Sequence[Sight], book: RuleBook) -> "_Customers":
        asking = (
            one.after.subject_id
            for one in sights
            if one.after.subject_id and book.at(one.happened.position).read_customers
        )
        streams = dict.fromkeys(map(customer_stream, asking), (0, LAST_VERSION))
        return _Customers(self._log.read_streams(streams) if streams else ())


class _Customers:
    """Customers in log order, from all their events: each of these is taken once."""

    def __init__(self, events: Sequence[Recorded | Undecodable]) -> None:
        self._coming: dict[str, deque[Recorded | Undecodable]] = defaultdict(deque)
        for one in events:
            self._coming[one.stream_id].append(one)
        self._known: dict[str, Customer | None] = dict.fromkeys(self._coming, Customer())

    def at(self, sight: Sight) -> Customer | None:
        """Give the customer of an order as of an event; events are asked for in log order."""
        stream = customer_stream(sight.after.subject_id or "")
        coming = self._coming.get(stream, ())
        while coming and coming[0].position <= sight.happened.position:
            self._known[stream] = _customer_after(self._known[stream], coming.popleft())
        customer = self._known.get(stream)
        return customer if customer is not None and customer.version else None


def _customer_after(customer: Customer | None, one: Recorded | Undecodable) -> Customer | None:
    """Behind what cannot be read nobody knows the customer; that it cannot, the projector logs."""
    return None if customer is None or isinstance(one, Undecodable) else customer.evolve(one)


def _is_of_order(event: Recorded) -> bool:
    return not isinstance(event.event, StockBelowThreshold)


def _sight(event: Recorded, orders: dict[str, Order]) -> Sight:
    """Give the sight of an event, and let its order be as it is behind it."""
    if not _is_of_order(event):
        return Sight(event)
    stream = order_stream(event)
    before = orders[stream]
    if event.stream_id == stream:
        orders[stream] = after(before, event)
    return Sight(event, before, orders[stream])
