"""Pages of the public events of orders, by position: what the feed of the API is made of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field
from pydantic_core import from_json, to_json

from domain.messages import Name
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.orders.remembered import LAST_VERSION, after
from domain.public.envelope import cloud_event
from domain.sights import SIGHT, hide
from domain.streaming import ORDER_EVENTS
from services.public_lane import PublicLane
from services.questions.question import Asked
from services.reading import is_seen_order

if TYPE_CHECKING:
    from services.bootstrap import System

MOST_EVENTS: Final = 1_000  # of a page
MOST_READ: Final = 10_000  # events that a page looks at
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


def page_of(system: "System", asked: Feed) -> Page:
    """Read one page."""
    return _of_order(system, asked, asked.order) if asked.order else _of_all(system, asked)


def _of_all(system: "System", asked: Feed) -> Page:
    head = system.log.head()
    end = min(head.position, asked.after + MOST_READ)
    lane = PublicLane(system.projection_log, until=end, batch_events=asked.limit)
    lane.begin(head, asked.after)
    found: list[Told] = []
    is_seen = cache(partial(_is_seen, system))
    position = asked.after
    while len(found) < asked.limit and (outgoing := lane.next()) is not None:
        position = outgoing.position
        events = (one.value for one in outgoing.messages if one.topic == ORDER_EVENTS.name)
        found += _wanted(asked, filter(None, events), is_seen)
    if len(found) >= asked.limit:
        found = found[: asked.limit]
        position = found[-1].position
    return Page(tuple(found), max(position, asked.after), position < head.position)


def _of_order(system: "System", asked: Feed, order_id: UUID) -> Page:
    """Read the order's own stream: there are few events of it in a long log."""
    head = system.log.head()
    stream = stream_of(order_id)
    order, bodies = Order(), []
    is_seen = cache(partial(_is_seen, system))
    for one in system.projection_log.read_streams({stream: (0, LAST_VERSION)}):
        order = after(order, one)
        if one.position > asked.after:
            told = cloud_event(head, one, test=order.test)
            bodies.append(told.model_dump_json(exclude_none=True).encode())
    found = list(_wanted(asked, iter(bodies), is_seen))
    more = len(found) > asked.limit
    found = found[: asked.limit]
    return Page(tuple(found), found[-1].position if more else max(head.position, asked.after), more)


def _is_seen(system: "System", order_id: str) -> bool:
    return is_seen_order(system, UUID(order_id))


def _wanted(asked: Feed, bodies: Iterator[bytes], is_seen: Callable[[str], bool]) -> Iterator[Told]:
    sight = SIGHT.get()
    hidden = sight.hidden if sight is not None else ()
    for body in bodies:
        event = from_json(body)
        if (not asked.types or event["type"] in asked.types) and is_seen(event["subject"]):
            position = int(event["id"].rpartition("/")[2])
            told = to_json(hide(event, hidden)) if hidden else body
            yield Told(position, event["type"].encode(), told)
