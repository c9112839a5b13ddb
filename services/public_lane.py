"""The relay's lane of public topics: every event of every order, and each order as it is since.

Both are made from the log alone, so that whoever reads it again from an earlier position publishes
the same once more. What they say stands in domain.public.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Final

import structlog

from domain.customers.events import CustomerErased
from domain.messages import Recorded, entity_of
from domain.orders.held_bytes import held_bytes
from domain.orders.order import Order
from domain.orders.remembered import MOST, RememberedOrders, Stored, after
from domain.paths.path import OrderPath
from domain.public.envelope import CONTENT_TYPE, cloud_event, withheld
from domain.public.order_state import state_of
from domain.reading import PAGE_BYTES, Head, OrderLog
from domain.streaming import ORDER_EVENTS, ORDER_STATE, Message, Outgoing, Topic
from projections.parking import POISON

BATCH_EVENTS: Final = 1_000  # read at once: the end of a transaction costs some milliseconds
PART_EVENTS: Final = 32  # of them, whose orders are read at once; also of those told anew
ORDERS_BYTES: Final = 24 * 1024 * 1024  # of the orders of a batch as they were before it, or anew
ANEW_ORDERS: Final = 100  # told at once, of whoever was erased
LARGEST_BYTES: Final = 900 * 1024  # of a record; the broker refuses those over 1 MB
_ORDER: Final = "order-"
_JSON: Final = "application/json"

log_ = structlog.get_logger()


class PublicLane:
    """Publishes to ORDER_EVENTS and ORDER_STATE. For one thread. Implements domain.streaming.Lane.

    opener: the log of who may see keys: then what is personal is told too (docs/kafka.md)
    until:  the last position that is told of; None: whatever comes
    """

    name: Final = "public"
    topics: Sequence[Topic] = (ORDER_EVENTS, ORDER_STATE)

    def __init__(
        self,
        log: OrderLog,
        *,
        opener: OrderLog | None = None,
        until: int | None = None,
        batch_events: int = BATCH_EVENTS,
        states: int = MOST,
    ) -> None:
        self._log = log
        self._reader = opener or log
        self._personal = opener is not None
        self._until = until
        self._batch_events = batch_events
        self._head: Head | None = None
        self._position = 0  # up to which it was read
        self._told = 0  # up to which everything was given
        self._anew: list[str] = []  # orders that come next: their states at that position
        self._orders = RememberedOrders(
            partial(self._reader.read_streams, opened=self._personal),
            states,
            cut=self._reader.cut_parts,
        )

    def begin(self, head: Head, position: int) -> None:
        """Go on behind a position; forget what was remembered."""
        self._head, self._position, self._told = head, position, position
        self._anew.clear()
        self._orders.clear()

    def next(self) -> Outgoing | None:
        """Give what comes next, None at the end of the log.

        The orders of whoever was erased come behind the batch with the erasing, in parts; the
        position moves with the last of them.
        Raises: InfraError, then the same comes next
        """
        if self._anew:
            return self._tell_anew()
        stored = self._read()
        if not stored:
            return None
        position = self._position
        erased = self._forget_erased(stored)
        orders: dict[str, Order] = {}
        last: dict[str, int] = {}  # version
        messages = []
        for part in self._parts(stored, orders):
            for one in part:
                if one.stream_id.startswith(_ORDER):
                    orders[one.stream_id] = order = _follow(orders[one.stream_id], one)
                    last[one.stream_id] = one.version
                    messages.append(self._event(one, order))
            position = part[-1].position
        if ORDER_STATE in self.topics:
            messages += self._state_messages(orders, last, erased)
            self._anew = sorted(erased - orders.keys())
        self._orders.keep(orders)
        self._position = position
        return self._given(messages)

    def _given(self, messages: Sequence[Message]) -> Outgoing:
        if not self._anew:
            self._told = self._position
        return Outgoing(self._told, messages)

    def _forget_erased(self, stored: Sequence[Stored]) -> set[str]:
        """Forget the orders of whoever was erased, and name them: they are read without keys.

        Also those that the erasure did not know of, as far as they are remembered.
        """
        erasures = list(_erasures(stored))
        streams = {f"{_ORDER}{order_id}" for one in erasures for order_id in one.orders}
        if erasures:
            streams |= self._orders.streams_of({one.customer_id for one in erasures})
        self._orders.forget(streams)
        return streams

    def _tell_anew(self) -> Outgoing:
        """Tell some orders of whoever was erased, so that their contacts are told no more.

        Also where they are told no more anyway, but once were. What the log does not hold up to the
        position is left out. Where they are large, those that are left come next.
        """
        streams = self._anew[:ANEW_ORDERS]
        found: dict[str, Order] = {}
        held = 0
        for start in range(0, len(streams), PART_EVENTS):
            if held >= ORDERS_BYTES:
                break
            part = streams[start : start + PART_EVENTS]
            new = self._orders.before(dict.fromkeys(part, self._position + 1))
            held += sum(map(held_bytes, new.values()))
            found |= new
        torn = self._orders.torn  # Of these the log holds more up to there.
        last = {
            stream: order.version + (stream in torn)
            for stream, order in found.items()
            if order.exists or stream in torn
        }
        orders = {stream: found[stream] for stream in last}
        messages = [*self._state_messages(orders, last, last.keys())]
        self._orders.keep(orders)
        del self._anew[: len(found)]
        return self._given(messages)

    def _read(self) -> Sequence[Stored]:
        limit = self._batch_events
        if self._until is not None:
            limit = min(limit, self._until - self._position)
        if limit <= 0:
            return []
        return self._reader.read_lenient(
            self._position, limit, most_bytes=PAGE_BYTES, opened=self._personal
        )

    def _parts(
        self, stored: Sequence[Stored], orders: dict[str, Order]
    ) -> Iterator[Sequence[Stored]]:
        """Give events in parts, and put their orders beside as they were before; where those are so
        large that they make a batch, the rest of the events is left for the next one.
        """
        held = 0
        for start in range(0, len(stored), PART_EVENTS):
            if held >= ORDERS_BYTES:
                return
            part = stored[start : start + PART_EVENTS]
            before: dict[str, int] = {}
            for one in part:
                if one.stream_id.startswith(_ORDER) and one.stream_id not in orders:
                    before.setdefault(one.stream_id, one.version - 1)
            new = self._orders.at(before)
            held += sum(map(held_bytes, new.values()))
            orders |= new
            yield part

    def _event(self, stored: Stored, order: Order) -> Message:
        assert self._head is not None, "begin comes before next"
        try:
            told = cloud_event(self._head, stored, test=order.test, personal=self._personal)
        except POISON as error:
            _warn(stored, type(error).__name__)
            told = withheld(self._head, stored, test=order.test)
        value = told.model_dump_json(exclude_none=True).encode()
        if len(value) > LARGEST_BYTES:
            told = withheld(self._head, stored, test=order.test)
            value = told.model_dump_json(exclude_none=True).encode()
        return Message(
            ORDER_EVENTS.name, value, key=told.subject.encode(), headers=_header(CONTENT_TYPE)
        )

    def _state_messages(
        self, orders: Mapping[str, Order], last: Mapping[str, int], erased: Set[str]
    ) -> Iterator[Message]:
        """Give each order after its last event of the batch; not one of which an event is lost: of
        that one nothing is left in the topic where its customer was erased.
        """
        whole = {stream: order for stream, order in orders.items() if order.version == last[stream]}
        paths = self._log.load_paths(list({order.pinned for order in whole.values()}))
        for stream, order in orders.items():
            path = paths.get(order.pinned)
            value = self._state(entity_of(stream), order, path) if stream in whole else None
            if value is None:
                log_.warning("order_state_withheld", stream_id=stream, version=last[stream])
            if value is not None or stream in erased:
                key = entity_of(stream).encode()
                yield Message(ORDER_STATE.name, value, key=key, headers=_header(_JSON))

    def _state(self, order_id: str, order: Order, path: OrderPath | None) -> bytes | None:
        """Give the record of a state; None of an order that cannot be."""
        assert self._head is not None, "begin comes before next"
        try:
            state = state_of(order, order_id, self._head.epoch, path, personal=self._personal)
        except POISON:
            return None
        value = state.model_dump_json(exclude_none=True).encode()
        if len(value) > LARGEST_BYTES:
            value = state.shortened().model_dump_json(exclude_none=True).encode()
        return value


class PublicEvents(PublicLane):
    """The lane without the states: the feed of the API is made of it."""

    topics = (ORDER_EVENTS,)


def _follow(order: Order, stored: Stored) -> Order:
    """Give the order after an event, and say where it tells what cannot be: of that order no states
    are told any more, and all others go on.
    """
    found = after(order, stored)
    if isinstance(stored, Recorded) and found.version == order.version == stored.version - 1:
        _warn(stored, "impossible")
    return found


def _warn(stored: Stored, error: str) -> None:
    place = {"stream_id": stored.stream_id, "position": stored.position}
    log_.warning("event_not_understood", **place, error=error)


def _erasures(stored: Iterable[Stored]) -> Iterator[CustomerErased]:
    for one in stored:
        if isinstance(one, Recorded) and isinstance(one.event, CustomerErased):
            yield one.event


def _header(content_type: str) -> list[tuple[str, bytes]]:
    return [("content-type", content_type.encode())]
