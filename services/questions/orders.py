"""What is asked of one order: now, through time, and why."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from domain.messages import Moment, Name, Recorded
from domain.refusals import Absent, Unusable
from projections.reports.order_list import MOST_LISTED, Filter, OrderPage, list_orders
from projections.reports.rule_runs import list_sent
from services.allowed import allowed_for
from services.history import changes_of, known_by, state_of
from services.order_view import View, difference, view_of
from services.questions.question import Asked, Cursor, Names, OrderRef, Ref, question
from services.reached import reached_streams
from services.reading import find_order, path_of, read_order, sees_all_orders
from services.ways import ways_of
from services.why import chains_of

if TYPE_CHECKING:
    from services.bootstrap import System

AsKnown = Annotated[
    Moment | None,
    Field(description="what the log knew by then", examples=["2026-01-31T12:00:00Z"]),
]
HadHappened = Annotated[
    Moment | None,
    Field(description="what had happened by then", examples=["2026-01-31T12:00:00Z"]),
]


class FindOrder(Asked):
    """Which order is meant."""

    order: OrderRef


class ShowOrder(Asked):
    """An order as it is now."""

    order: OrderRef


class Orders(Asked):
    """Which orders, and which page of them."""

    path: Annotated[Name | None, Field(description="on this path")] = None
    status: Annotated[Name | None, Field(examples=["new"])] = None
    stage: Name | None = None
    shop: Name | None = None
    order_type: Name | None = None
    channel: Name | None = None
    external_id: Annotated[Ref | None, Field(description="with this number")] = None
    customer_id: Name | None = None
    owner_user: Name | None = None
    owner_group: Name | None = None
    open: Annotated[bool | None, Field(description="not finished, or finished")] = None
    overdue: Annotated[bool | None, Field(description="beyond the limit, or not")] = None
    test: Annotated[bool | None, Field(description="test orders, or others")] = False
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="rows at most")] = 100


class AllowedMoves(Asked):
    """Where an order may go, for somebody."""

    order: OrderRef
    as_roles: Annotated[Names, Field(description="roles of whoever would act")] = ()
    actor: Annotated[Name, Field(description="who asks; matters to four eyes")] = "somebody"


class OrderHistory(Asked):
    """What changed an order, up to a moment of either time."""

    order: OrderRef
    as_of: HadHappened = None
    as_known: AsKnown = None


class OrderAsOf(Asked):
    """An order at a moment."""

    order: OrderRef
    time: Annotated[Moment, Field(description="at this moment", examples=["2026-01-31T12:00:00Z"])]
    as_known: AsKnown = None


class OrderDiff(Asked):
    """Two moments of an order; without the second one: now."""

    order: OrderRef
    start: Annotated[Moment, Field(description="before", examples=["2026-01-01T00:00:00Z"])]
    end: Annotated[
        Moment | None, Field(description="after; by default now", examples=["2026-02-01T00:00:00Z"])
    ] = None
    as_known: AsKnown = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.end is not None and self.start > self.end:
            raise ValueError("start is later than end: swap the two")
        return self


class WhyOrder(Asked):
    """What led to what an order is."""

    order: OrderRef


@question("order.find", "/order-ids/{order}", reads="log")
def find(system: "System", asked: FindOrder) -> dict[str, Any]:
    """Give the id of the order that is meant."""
    return {"order_id": find_order(system, asked.order)}


@question("order.list", "/orders", reads="tables")
def list_them(system: "System", asked: Orders) -> OrderPage:
    """List orders by what they are like, those that were placed last first, a page at a time."""
    wanted = Filter(**asked.model_dump(exclude={"cursor", "limit"}))
    with system.snapshot() as reader:
        return list_orders(reader, wanted, cursor=asked.cursor, limit=asked.limit)


@question("order.show", "/orders/{order}", reads="log", versioned=True)
def show(system: "System", asked: ShowOrder) -> View:
    """Show an order as it is now, and where it may go."""
    order_id, events = read_order(system, asked.order)
    return _view(system, events, order_id, with_moves=True)


@question("order.allowed", "/orders/{order}/allowed", reads="log")
def allowed(system: "System", asked: AllowedMoves) -> dict[str, Any]:
    """List where an order may go and what may be edited, and what stands against the rest."""
    return allowed_for(system, find_order(system, asked.order), asked.as_roles, asked.actor)


@question("order.history", "/orders/{order}/history", reads="log")
def history(system: "System", asked: OrderHistory) -> dict[str, Any]:
    """List who changed what, when, why, and when the log recorded it."""
    order_id, events = read_order(system, asked.order)
    ways = ways_of(system.log, events)
    events = known_by(events, asked.as_of, asked.as_known)
    return {
        "order_id": order_id,
        "as_of": asked.as_of,
        "as_known": asked.as_known,
        "changes": [change.as_dict() for change in changes_of(events, order_id, ways)],
    }


@question("order.as_of", "/orders/{order}/as-of/{time}", reads="log")
def as_of(system: "System", asked: OrderAsOf) -> View:
    """Show an order as it was at a moment, that moment included."""
    order_id, events = read_order(system, asked.order)
    then = _known_then(events, order_id, asked.time, asked.as_known)
    return {"as_of": asked.time, "as_known": asked.as_known, **_view(system, then, order_id)}


@question("order.diff", "/orders/{order}/diff", reads="log")
def diff(system: "System", asked: OrderDiff) -> dict[str, Any]:
    """Show what differs between two moments of an order."""
    order_id, events = read_order(system, asked.order)
    # An imported fact may be a few minutes ahead of our clock.
    now = max(system.clock(), *(recorded.occurred_at for recorded in events))
    if asked.start > (asked.end or now):
        raise Unusable(
            f"FROM ({_said(asked.start)}) is later than now ({_said(now)}), in UTC: "
            "choose an earlier FROM"
        )
    known = [known_by(events, at, asked.as_known) for at in (asked.start, asked.end)]
    views = [view_of(state_of(e), order_id) for e in known]
    return {
        "order_id": order_id,
        "from": asked.start,
        "to": asked.end,
        "as_known": asked.as_known,
        "currency": views[1]["currency"],
        "changes": [
            {"field": field, "from": before, "to": after}
            for field, before, after in difference(*views)
        ],
    }


@question("order.why", "/orders/{order}/why", reads="tables")
def why(system: "System", asked: WhyOrder) -> dict[str, Any]:
    """Say what led to each change of an order, and to what rules did besides: back to its begin."""
    order_id, events = read_order(system, asked.order)
    with system.snapshot() as reader:
        sent = list_sent(reader, order_id)
    reached = None if sees_all_orders() else reached_streams(system)
    chains = chains_of(system.log, events, sent, reached)
    return {
        "order_id": order_id,
        "chains": [[link.as_dict() for link in chain] for chain in chains],
    }


def _known_then(
    events: list[Recorded], order_id: UUID, time: datetime, as_known: datetime | None
) -> list[Recorded]:
    then = known_by(events, time, as_known)
    if not any(recorded.occurred_at <= time for recorded in then):
        first = min(recorded.occurred_at for recorded in events)
        message = (
            f"order {order_id} was not there at {_said(time)}; it begins at {_said(first)} UTC"
        )
        if as_known is not None:
            message += f", and the log knew nothing of it by {_said(as_known)}" * (not then)
        raise Absent(message)
    return then


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _view(
    system: "System", events: list[Recorded], order_id: UUID, *, with_moves: bool = False
) -> View:
    order = state_of(events)
    path = path_of(system, order)
    view = view_of(order, order_id, path)
    if with_moves:
        view["moves"] = list(path.moves_from(order.status)) if path else []
    return view
