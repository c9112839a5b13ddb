"""`orderpath order show|history|as-of|diff`: one order, now and through time."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.amounts import priced
from services.cli.errors import CommandFailed
from services.cli.options import AsJson, Moments, OrderRef, Time, time_of, unfolded
from services.cli.output import put, table, words
from services.cli.session import opened

if TYPE_CHECKING:
    from uuid import UUID

    from rich.console import RenderableType

    from domain.messages import Recorded
    from services.bootstrap import System
    from services.order_view import View

AsKnown = Annotated[
    datetime | None,
    typer.Option(parser=time_of, metavar="TIME", help="What the log knew by then."),
]


def show(order: OrderRef, json: AsJson = False) -> None:
    """Show an order as it is now, and where it may go."""
    with opened() as system:
        order_id, events = _events(system, order)
        view = _view(system, events, order_id, with_moves=True)
    put(view, as_json=json, people=lambda: _sheet(view))


@unfolded
def history(order: OrderRef, *, moments: Moments, json: AsJson = False) -> None:
    """List who changed what, when, why, and when the log recorded it."""
    from services.history import changes_of, known_by

    with opened() as system:
        order_id, events = _events(system, order)
    events = known_by(events, moments.as_of, moments.as_known)
    changes = [change.as_dict() for change in changes_of(events, order_id)]
    answer = {
        "order_id": str(order_id),
        "as_of": moments.as_of,
        "as_known": moments.as_known,
        "changes": changes,
    }
    put(answer, as_json=json, people=lambda: [_history_table(answer)])


def as_of(order: OrderRef, time: Time, as_known: AsKnown = None, json: AsJson = False) -> None:
    """Show an order as it was at a moment, that moment included."""
    with opened() as system:
        order_id, events = _events(system, order)
        then = _known_then(events, order_id, time, as_known)
        view = _view(system, then, order_id)
    view = {"as_of": time, "as_known": as_known, **view}
    put(view, as_json=json, people=lambda: _sheet(view))


def diff(
    order: OrderRef,
    start: Annotated[datetime, typer.Argument(parser=time_of, metavar="FROM")],
    end: Annotated[
        datetime | None, typer.Argument(parser=time_of, metavar="[TO]", help="By default now.")
    ] = None,
    as_known: AsKnown = None,
    json: AsJson = False,
) -> None:
    """Show what differs between two moments of an order."""
    from services.history import known_by, state_of
    from services.order_view import difference, view_of

    with opened() as system:
        order_id, events = _events(system, order)
    views = [view_of(state_of(known_by(events, at, as_known)), order_id) for at in (start, end)]
    changes = [
        {"field": field, "from": before, "to": after}
        for field, before, after in difference(*views)
    ]
    answer = {
        "order_id": str(order_id),
        "from": start,
        "to": end,
        "as_known": as_known,
        "changes": changes,
    }
    currency = views[1]["currency"]
    put(answer, as_json=json, people=lambda: [_diff_table(answer, currency)])


def _events(system: "System", ref: str) -> "tuple[UUID, list[Recorded]]":
    from services.reading import find_order, load_order

    order_id = find_order(system, ref)
    return order_id, load_order(system, order_id)


def _known_then(
    events: "list[Recorded]", order_id: "UUID", time: datetime, as_known: datetime | None
) -> "list[Recorded]":
    from services.history import known_by

    then = known_by(events, time, as_known)
    if not any(recorded.occurred_at <= time for recorded in then):
        first = min(recorded.occurred_at for recorded in events)
        message = f"order {order_id} was not there at {words(time)}; it begins at {words(first)} UTC"
        if as_known is not None:
            message += f", and the log knew nothing of it by {words(as_known)}" * (not then)
        raise CommandFailed(message)
    return then


def _view(
    system: "System", events: "list[Recorded]", order_id: "UUID", *, with_moves: bool = False
) -> "View":
    from services.history import state_of
    from services.order_view import view_of
    from services.reading import path_of

    order = state_of(events)
    path = path_of(system, order)
    view = view_of(order, order_id, path)
    if with_moves:
        view["moves"] = list(path.moves_from(order.status or "")) if path else []
    return view


def _sheet(view: "View") -> "Iterator[RenderableType]":
    currency = view["currency"]
    yield table(None, "Order", str(view["order_id"]), rows=_facts(view))
    if view["items"]:
        names = ("title", "sku", "quantity", "unit_price_minor", "discount_minor", "pieces")
        yield table(
            "Items",
            "id", "title", "sku", "pieces>", "price>", "discount>", "status",
            rows=([i, *(priced(n, item[n], currency) for n in names)] for i, item in view["items"].items()),
        )
    if view["payments"]:
        kinds = ("submitted", "authorised", "charged", "refunded", "charged_back")
        yield table(
            "Payments",
            "id", *(f"{kind.replace('_', ' ')}>" for kind in kinds),
            rows=(
                [name, *(priced("_minor", sums[f"{kind}_minor"], currency) for kind in kinds)]
                for name, sums in view["payments"].items()
            ),
        )
    yield table(
        "Statuses",
        "entered (UTC)", "status", "event>",
        rows=([s["entered_at"], s["status"], s["version"]] for s in view["statuses"]),
    )


def _facts(view: "View") -> Iterator[tuple[str, Any]]:
    currency = view["currency"]
    for name, value in view.items():
        if name in ("order_id", "items", "payments", "statuses"):
            continue
        if isinstance(value, dict):
            value = {k: v for k, v in priced(name, value, currency).items() if v is not None}
        if value not in (None, {}, []):
            yield name.removesuffix("_minor").replace("_", " "), priced(name, value, currency)


def _history_table(answer: dict[str, Any]) -> "RenderableType":
    currency = next((c["to"] for c in answer["changes"] if c["field"] == "currency"), None)
    return table(
        f"History of order {answer['order_id']} (UTC)",
        "#>", "when", "who", "what", "from", "to", "why", "recorded",
        rows=(
            [
                change["version"],
                words(change["occurred_at"]) + " (derived)" * (change["time_source"] == "derived"),
                _who(change["actor"]),
                change["field"] + " (annulled)" * change["annulled"],
                _value(change["field"], change["from"], currency),
                _value(change["field"], change["to"], currency),
                _why(change),
                change["recorded_at"],
            ]
            for change in answer["changes"]
        ),
    )


def _who(actor: dict[str, Any]) -> str:
    name = actor["id"] if actor["kind"] == "user" else f"{actor['kind']} {actor['id']}"
    name = f"{actor['at_source']} ({name})" if actor["at_source"] else name
    return f"{name} for {actor['on_behalf_of']}" if actor["on_behalf_of"] else name


def _why(change: dict[str, Any]) -> str:
    parts = [change["reason_code"], change["reason"]]
    if change["initiator"]:
        parts.append(f"by {change['initiator']}")
    parts += change["nonconforming"]
    return ", ".join(filter(None, parts))


def _value(field: str, value: Any, currency: str | None) -> Any:
    value = priced(field, value, currency)
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if v not in (None, False, "", 0, {})}
    return value


def _diff_table(answer: dict[str, Any], currency: str | None) -> "RenderableType":
    until = words(answer["to"]) if answer["to"] else "now"
    return table(
        f"Order {answer['order_id']}, {words(answer['from'])} to {until} (UTC)",
        "what", "from", "to",
        rows=(
            [c["field"], *(_value(c["field"], c[side], currency) for side in ("from", "to"))]
            for c in answer["changes"]
        ),
    )
