"""The events of a batch as rules see them: with the order before and behind each, and its customer.

Everything that the batch does not hold is read from the log, up to the position of the event: so it
is the same whenever, and by whomever, an event is judged.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from domain.customers.events import customer_stream
from domain.customers.remembered import RememberedCustomers
from domain.messages import Event, Recorded
from domain.orders.events import ORDER_EVENTS
from domain.orders.held_bytes import held_bytes
from domain.orders.order import Order
from domain.orders.remembered import RememberedOrders
from domain.reading import IMPOSSIBLE, PAGE_EVENTS, OrderLog, Reading, read_whole
from domain.refusals import InfraError
from domain.rules.book import RuleBook
from domain.rules.judging import Sight
from domain.rules.timers import TimerFired
from domain.stock.events import StockBelowThreshold
from projections.interface import ReadFirst

READ_AT_ONCE: Final = 32  # events, with the orders that they are about
ORDERS_BYTES: Final = 24 * 1024 * 1024  # of the orders of a part, as they were before it
Part = tuple[Sequence[Recorded], dict[str, Order]]  # events, and their orders before them
Found = TypeVar("Found")
SEEN: Final[frozenset[type[Event]]] = frozenset({*ORDER_EVENTS, TimerFired, StockBelowThreshold})


def order_stream(event: Recorded) -> str:
    """Name the stream of the order that an event is about; a timer has a stream beside it."""
    return f"order-{event.entity_id}"


class CannotJudge(LookupError):
    """What an event is judged by cannot be read: it is parked until it can."""


class Sights:
    """Remembers orders and customers; for one thread.

    imported: also what an import tells is seen
    patient:  whatever has to be read is read, however long it takes, and what cannot be read is not
              seen; else no more than a page of each stream, and ReadFirst is raised for what is
              longer, CannotJudge where something cannot be read
    page:     events
    unseen:   ids of orders of which events were left out, with the position of the first of these
    """

    def __init__(
        self,
        log: OrderLog,
        *,
        imported: bool = False,
        patient: bool = False,
        page: int = PAGE_EVENTS,
    ) -> None:
        self._log = log
        self._orders = RememberedOrders(log.read_streams, page=page, cut=log.cut_parts)
        self._customers = RememberedCustomers(log.read_streams, page=page)
        self.unseen: dict[str, int] = {}
        self._imported = imported
        self._patient = patient

    def settle(self) -> None:
        """Hear that what was seen will not be seen again: until then it can be, without reading
        anything once more."""
        self._orders.settle()
        self._customers.settle()

    def see(
        self, events: Sequence[Recorded], book: RuleBook, most: int
    ) -> Iterator[Sequence[Sight]]:
        """Give what rules see of events, in log order and in parts: each of so many events at most,
        and of not many where their orders are large. In a part there may be nothing to see.

        Raises: InfraError, ReadFirst, CannotJudge; what evolve raises at one of these events
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
            new = self._now(
                self._before(
                    [one for one in few if _is_of_order(one) and order_stream(one) not in before]
                )
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
        every = [*self._known(events, orders)]
        self._orders.keep(orders)
        sights = [one for one in every if self._imported or one.happened.actor_kind != "import"]
        states = (order for one in sights for order in (one.before, one.after))
        try:
            paths = self._log.load_paths(list({one.pinned for one in states if one.path}))
        except InfraError as error:
            if error.stream_id is None:
                raise
            raise CannotJudge(f"{error.stream_id} cannot be read") from error
        sights = self._with_customers(sights, book)
        for sight in sights:
            sight.path = paths.get(sight.after.pinned)
            sight.path_before = paths.get(sight.before.pinned)
        return sights

    def _known(self, events: Sequence[Recorded], orders: dict[str, Order]) -> Iterator[Sight]:
        for one in events:
            try:
                sight = self._sight(one, orders)
            except IMPOSSIBLE:
                if not self._patient:
                    raise
                self._leave_out(one)
                continue
            yield sight

    def _leave_out(self, event: Recorded) -> None:
        self.unseen.setdefault(event.entity_id, event.position)

    def _sight(self, event: Recorded, orders: dict[str, Order]) -> Sight:
        """Give the sight of an event, and let its order be as it is behind it."""
        if not _is_of_order(event):
            return Sight(event)
        stream = order_stream(event)
        before = orders[stream]
        is_own = event.stream_id == stream
        if before.version != event.version - 1 if is_own else stream in self._orders.torn:
            raise CannotJudge(f"of {stream} nothing behind version {before.version} is known here")
        if is_own:
            orders[stream] = before.evolve(event)
        return Sight(event, before, orders[stream])

    def _before(self, seen: Sequence[Recorded]) -> Reading[dict[str, Order]]:
        """Give each order as it was before the first of these events."""
        firsts: dict[str, Recorded] = {}
        for one in seen:
            firsts.setdefault(order_stream(one), one)
        known = {
            stream: one.version - 1 for stream, one in firsts.items() if one.stream_id == stream
        }
        beside = {stream: one.position for stream, one in firsts.items() if one.stream_id != stream}
        found = yield from self._orders.read_at(known)
        found |= yield from self._orders.read_before(beside)
        if not self._patient:
            self._orders.hold(found)
        return found

    def _with_customers(self, sights: list[Sight], book: RuleBook) -> list[Sight]:
        """Show the customer of an order as of the event, where a rule of the part asks for it; give
        those of which whoever is asked for can be read.
        """
        asking = {
            one.after.customer_id
            for one in sights
            if one.after.customer_id and book.at(one.happened.position).read_customers
        }
        wanted = [one for one in sights if one.after.customer_id in asking]
        asked: dict[str, list[int]] = defaultdict(list)
        for sight in wanted:
            asked[_customer_of(sight)].append(sight.happened.position)
        told = self._now(self._customers.read_at(asked))
        unknown: set[int] = set()  # positions
        for sight in wanted:
            customer = told[_customer_of(sight), sight.happened.position]
            if customer is None:
                unknown.add(sight.happened.position)
            elif customer.version:
                sight.customer = customer
        if unknown and not self._patient:
            raise CannotJudge(f"the customer at position {min(unknown)} cannot be read")
        if self._patient:
            self._customers.settle()
        for sight in wanted:
            if sight.happened.position in unknown:
                self._leave_out(sight.happened)
        return [one for one in sights if one.happened.position not in unknown]

    def _now(self, reading: Reading[Found]) -> Found:
        """Read it, if it is not too long. Raises: ReadFirst"""
        if self._patient:
            return read_whole(reading)
        try:
            next(reading)
        except StopIteration as end:
            found: Found = end.value
            return found
        raise ReadFirst(reading)


def _customer_of(sight: Sight) -> str:
    return customer_stream(sight.after.customer_id or "")


def _is_of_order(event: Recorded) -> bool:
    return not isinstance(event.event, StockBelowThreshold)
