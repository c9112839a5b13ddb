"""Finds one order, path, calendar, stock or product and reads it from the log: the same for
imports, the CLI and, later, the API.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.facts import Facts
from domain.messages import Actor, Recorded
from domain.orders.context import Situation
from domain.orders.events import stream_of
from domain.orders.order import Order
from domain.orders.remembered import LAST_VERSION, RememberedOrders, Stored
from domain.orders.stocks_read import stocks_of
from domain.paths import events as path_events
from domain.paths.calendar_line import CalendarPublished
from domain.paths.calendars import Calendar
from domain.paths.line import PathLine
from domain.paths.path import OrderPath
from domain.paths.selection import SELECTION, Selection
from domain.products.events import PriceChanged, ProductPublished
from domain.products.events import stream_of as product_stream
from domain.products.product import Product
from domain.reading import LogGap, evolved, folded
from domain.refusals import InfraError, Refusal, Unmet, Unusable
from domain.roles.reach import place_of
from domain.sights import SIGHT
from domain.stock.stock import Stock
from projections.reports.order_numbers import list_numbers
from services.customers import customer_now
from services.history import state_of
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System


@dataclass(frozen=True, slots=True)
class PublishedPath:
    """One version of a path."""

    version: int
    definition: OrderPath


def find_order(system: "System", ref: str) -> UUID:
    """Give the id of the order that is meant: by its own id, or by its number in a source.

    Raises: Refusal order_unknown or order_ambiguous; Unusable for an empty one; InfraError
            workers_behind if it is unknown to tables that do not hold all of the log
    """
    own = _by_id(system, ref)
    return _by_number(system, ref) if own is None else own[0]


def read_order(system: "System", ref: str) -> tuple[UUID, list[Recorded]]:
    """Give the order that is meant with its events, personal data in clear.

    Raises: as find_order
    """
    own = _by_id(system, ref)
    if own is not None:
        return own
    order_id = _by_number(system, ref)
    return order_id, load_order(system, order_id)


def is_there(system: "System", order_id: UUID) -> bool:
    """Whether there is an order that whoever is answered sees. Raises: InfraError"""
    return bool(_seen_events(system, order_id))


def _by_id(system: "System", ref: str) -> tuple[UUID, list[Recorded]] | None:
    if not ref.strip():
        raise Unusable("no order is named: give its id, or its number in its source")
    own = as_id(ref)
    events = [] if own is None else _seen_events(system, own)
    return (own, events) if own is not None and events else None


def _seen_events(system: "System", order_id: UUID) -> list[Recorded]:
    """Give the order's events; none of one that is not seen, be it damaged or not."""
    try:
        events = load_order(system, order_id)
        return events if is_seen(events) else []
    except InfraError as error:
        if error.stream_id is None or is_seen_order(system, order_id):
            raise
        return []


def _by_number(system: "System", ref: str) -> UUID:
    behind: InfraError | None = None
    try:
        system.catch_up()  # A number is known to the projections only.
    except InfraError as error:
        if error.code != "workers_behind":
            raise
        behind = error
    with system.lend("orderpath_projector") as connection, connection.cursor() as cursor:
        found = list_numbers(cursor, ref)
    found = [one for one in found if is_seen_order(system, one.order_id)]
    if len(found) == 1:
        return found[0].order_id
    if found:
        ids = ", ".join(f"{one.order_id} ({one.shop or 'no shop'})" for one in found)
        message = f"{len(found)} orders have the number {ref}"
        raise Refusal(
            Unmet(code="order_ambiguous", field="order_id", message=message, needed=f"one of {ids}")
        )
    if behind is not None:
        raise behind
    raise Refusal(
        Unmet(
            code="order_unknown",
            field="order_id",
            message=f"There is no order {ref}, neither with this id nor with this number",
            needed="the id that `order place` printed, or the order's number in its source, "
            "of several columns all of them, as 's1|1'",
        )
    )


def sees_all_orders() -> bool:
    """Whether whoever is answered sees every order there is."""
    sight = SIGHT.get()
    return sight is None or sight.sees_all_orders


def is_seen_order(system: "System", order_id: UUID) -> bool:
    """Whether whoever is answered sees an order; see seen_orders."""
    return order_id in seen_orders(system, [order_id])


def seen_orders(system: "System", order_ids: Iterable[UUID]) -> set[UUID]:
    """Give those of some orders that whoever is answered sees, a page of each at a time.

    One that there is not is seen as such. A damaged one belongs where it did before the damage, as
    in the tables; where nothing before it can be read, it is not seen.
    """
    sight = SIGHT.get()
    orders = {stream_of(order_id): order_id for order_id in order_ids}
    if sight is None or sight.sees_all_orders:
        return set(orders.values())
    log = system.projection_log
    there: set[str] = set()

    def read(versions: Mapping[str, tuple[int, int]]) -> Sequence[Stored]:
        found = log.read_streams(versions)
        there.update(one.stream_id for one in found)
        return found

    now = RememberedOrders(read, cut=log.cut_parts).at(dict.fromkeys(orders, LAST_VERSION))
    return {
        orders[stream]
        for stream, order in now.items()
        if (sight.sees(place_of(order)) if order.exists else stream not in there)
    }


def is_seen(events: Sequence[Recorded]) -> bool:
    """Whether whoever is answered sees the order that these are the events of.

    Raises: InfraError event_unreadable where one of them says what cannot be
    """
    sight = SIGHT.get()
    if sight is None or sight.sees_all_orders or not events:
        return True
    return sight.sees(place_of(state_of(events)))


def seen_only(system: "System", events: list[Recorded]) -> list[Recorded]:
    """Give the events of what may be about an order, as an alert or a task; none of them if it is
    about an order that whoever is answered does not see.
    """
    if sees_all_orders():
        return events
    about = {order_id for one in events if (order_id := getattr(one.event, "order_id", None))}
    return events if seen_orders(system, about) == about else []


def load_order(system: "System", order_id: UUID) -> list[Recorded]:
    """Give the order's events, personal data in clear; none if there is no such order.

    Raises: InfraError log_gap if one is missing
    """
    return events_of(system.log, stream_of(order_id))


def order_now(system: "System", order_id: UUID) -> Order:
    """Give the order's state as of its last event."""
    return state_of(load_order(system, order_id))


def stock_now(system: "System", stream: str) -> Stock:
    """Give the state of a stock as of its last event."""
    return stocks_now(system, [stream])[stream]


def stocks_now(system: "System", streams: Iterable[str]) -> dict[str, Stock]:
    """Give the state of each stock as of its last event."""
    found = system.log.load(dict.fromkeys(streams, 0))
    return {stream: folded(Stock(), events) for stream, events in found.items()}


def situation_of(
    system: "System", order_id: UUID, order: Order, path: OrderPath, actor: Actor
) -> Situation:
    """Give an order now with whatever deciding on it may look at."""
    stocks = stocks_now(system, stocks_of(order, path))
    calendars = {name: latest_calendar(system, name)[1] for name in path.calendars}
    customer = None
    if "customer" in path.reads and order.customer_id is not None:
        customer = customer_now(system, order.customer_id)
    facts = Facts(calendars=calendars, stocks=stocks, customer=customer)
    now = system.clock()  # A fact may be minutes ahead of it.
    return Situation(order_id, order, path, actor, max(now, order.last_occurred_at or now), facts)


def product_now(system: "System", sku: str) -> Product:
    """Give the state of a product as of its last event."""
    stream = product_stream(sku)
    return folded(Product(), events_of(system.log, stream))


def product_history(system: "System", sku: str) -> dict[str, Any] | None:
    """Give a product as it is now, with every price that it had; None if there is none such."""
    stream = product_stream(sku)
    product, prices = Product(), []
    for recorded in events_of(system.log, stream):
        product = evolved(stream, product, recorded)
        if isinstance(recorded.event, ProductPublished | PriceChanged):
            price = recorded.event.model_dump(include={"unit_price_minor", "currency", "vat_bp"})
            prices.append({"since": recorded.occurred_at, **price})
    if not product.exists:
        return None
    now = asdict(product)
    return {"sku": sku, **{name: now[name] for name in _TOLD_OF_PRODUCTS}, "prices": prices}


_TOLD_OF_PRODUCTS = (
    "title", "unit_price_minor", "currency", "vat_bp", "supplier", "category", "price_since",
    "active", "version",
)  # fmt: skip


def path_of(system: "System", order: Order) -> OrderPath | None:
    """Give the version of the path that the order is pinned to."""
    return system.log.load_paths([order.pinned]).get(order.pinned) if order.path else None


def known_path(system: "System", name: str, version: int | None = None) -> PublishedPath:
    """Give a version of a path, by default the latest. Raises: Unusable that names what there is"""
    latest = latest_path(system, name)
    if latest is None:
        names = ", ".join(sorted(system.log.names("path")))
        raise Unusable(f"no path is named {name!r}: choose one of {names}")
    if version in (None, latest.version):
        return latest
    path = system.log.load_paths([(name, version)]).get((name, version))
    if path is None:
        raise Unusable(f"the path {name} has no version {version}: the latest is {latest.version}")
    return PublishedPath(version, path)


def latest_path(system: "System", name: str) -> PublishedPath | None:
    """Give the version that new orders follow; None if no path of that name is published.

    Raises: InfraError log_gap if a publication is missing
    """
    line = folded(PathLine(), events_of(system.log, path_events.stream_of(name)))
    key = (name, line.latest)
    path = system.log.load_paths([key]).get(key)
    if path is None and name in system.log.names("path"):
        raise LogGap(f"Version {line.version + 1} of {path_events.stream_of(name)}")
    return None if path is None else PublishedPath(line.latest, path)


def latest_paths(system: "System") -> dict[str, PublishedPath]:
    """Give the version of every path that new orders follow, by name in alphabetical order."""
    names = sorted(system.log.names("path"))
    return {name: path for name in names if (path := latest_path(system, name)) is not None}


def selection_now(system: "System") -> Selection:
    """Give what decides which path an order takes by itself."""
    return folded(Selection(), events_of(system.log, SELECTION))


def check_calendar(system: "System", name: str) -> None:
    """See that a calendar of this name is published. Raises: Unusable that names those that are"""
    names = system.log.names("calendar")
    if name not in names:
        raise Unusable(f"no calendar is named {name!r}: choose one of {', '.join(sorted(names))}")


def latest_calendar(system: "System", name: str) -> tuple[int, Calendar]:
    """Give the version that limits in working time follow. The calendar must be published."""
    stream = f"calendar-{name}"
    published = system.log.load({stream: 0})[stream][-1].event
    assert isinstance(published, CalendarPublished)
    return published.calendar_version, Calendar.model_validate(published.definition)


def published_calendars(system: "System", names: Iterable[str]) -> dict[str, Calendar]:
    """Give those of the calendars that are published, as limits follow them now."""
    known = system.log.names("calendar")
    return {name: latest_calendar(system, name)[1] for name in names if name in known}


def status_places(system: "System") -> dict[tuple[str, str], int]:
    """Give the place of every status in the latest version of its path, by (path, status)."""
    return {
        (name, code): place
        for name, path in latest_paths(system).items()
        for place, code in enumerate(_in_order(path.definition))
    }


def _in_order(path: OrderPath) -> list[str]:
    stages = {stage: number for number, stage in enumerate(path.stages)}
    return sorted(path.statuses, key=lambda code: stages[path.statuses[code].stage])


def as_id(ref: str) -> UUID | None:
    """Read an order's own id; None: it is a number of another system."""
    try:
        return UUID(ref)
    except ValueError:
        return None
