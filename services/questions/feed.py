"""Pages of the public events of orders, by position: what the feed of the API is made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field
from pydantic_core import from_json, to_json

from domain.messages import Name
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.orders.remembered import LAST_VERSION, Stored, after
from domain.public.envelope import CloudEvent, cloud_event, withheld
from domain.reading import IMPOSSIBLE, Head
from domain.sights import SIGHT, hide
from services.public_lane import PublicEvents
from services.questions.question import Asked
from services.reading import seen_orders

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_EVENTS: Final = 1_000  # of a page
MOST_READ: Final = 10_000  # events that a page looks at
READ_SECONDS: Final = 5.0  # after which a page ends where it is
AT_ONCE: Final = 64  # events, between two looks at the clock: each may be of a long order
LARGEST_POSITION: Final = 2**63 - 1


class Feed(Asked):
    """Which events, behind which position."""

    after: Annotated[int, Field(ge=0, le=LARGEST_POSITION, examples=[0])] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_EVENTS, examples=[100])] = 100
    types: Annotated[tuple[Name, ...], Field(max_length=50, examples=[["order.placed.v1"]])] = ()
    order: Annotated[UUID | None, Field(description="only of this order")] = None


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it is told."""

    position: int
    type: bytes
    body: bytes  # a CloudEvent as JSON


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order of the log, and where the next page begins."""

    events: tuple[Told, ...]
    next: int
    more: bool  # there is more to look at right now


def page_of(system: "System", asked: Feed, *, seconds: float = READ_SECONDS) -> Page:
    """Read one page.

    seconds: after which it ends where it is; it comes further in any case. One of one order is
             read whole
    """
    if asked.order:
        return _of_order(system, asked, asked.order)
    return _of_all(system, asked, monotonic() + seconds)


def _of_all(system: "System", asked: Feed, until: float) -> Page:
    head = system.log.head()
    end = min(head.position, asked.after + MOST_READ)
    lane = PublicEvents(system.projection_log, until=end, batch_events=min(asked.limit, AT_ONCE))
    lane.begin(head, asked.after)
    found: list[Told] = []
    known: dict[UUID, bool] = {}
    position = asked.after
    while (outgoing := lane.next()) is not None:
        position = outgoing.position
        events = (one.value for one in outgoing.messages if one.value is not None)
        found += _wanted(system, asked, events, known)
        if len(found) >= asked.limit or monotonic() >= until:
            break
    if len(found) >= asked.limit:
        found = found[: asked.limit]
        position = found[-1].position
    return Page(tuple(found), max(position, asked.after), position < head.position)


def _of_order(system: "System", asked: Feed, order_id: UUID) -> Page:
    """Read the order's own stream: there are few events of it in a long log.

    What came behind the head since is of a later page: that begins at the head.
    """
    head = system.log.head()
    stream = stream_of(order_id)
    order, bodies = Order(), []
    for one in system.projection_log.read_streams({stream: (0, LAST_VERSION)}):
        if one.position > head.position:
            break
        order = after(order, one)
        if one.position > asked.after:
            told = _cloud_event(head, one, order)
            bodies.append(told.model_dump_json(exclude_none=True).encode())
    found = list(_wanted(system, asked, bodies, {}))
    more = len(found) > asked.limit
    found = found[: asked.limit]
    return Page(tuple(found), found[-1].position if more else max(head.position, asked.after), more)


def _cloud_event(head: Head, stored: Stored, order: Order) -> CloudEvent:
    try:
        return cloud_event(head, stored, test=order.test)
    except IMPOSSIBLE:
        return withheld(head, stored, test=order.test)


def _wanted(
    system: "System", asked: Feed, bodies: Iterable[bytes], known: dict[UUID, bool]
) -> Iterator[Told]:
    """Give what is asked for, and seen by whoever is answered.

    known: whether orders are; those that are looked at are put beside
    """
    events = [(from_json(body), body) for body in bodies]
    if asked.types:
        events = [(event, body) for event, body in events if event["type"] in asked.types]
    new = {UUID(event["subject"]) for event, _ in events} - known.keys()
    seen = seen_orders(system, new)
    known |= {order_id: order_id in seen for order_id in new}
    sight = SIGHT.get()
    hidden = sight.hidden if sight is not None else ()
    for event, body in events:
        if known[UUID(event["subject"])]:
            position = int(event["id"].rpartition("/")[2])
            told = to_json(hide(event, hidden)) if hidden else body
            yield Told(position, event["type"].encode(), told)
