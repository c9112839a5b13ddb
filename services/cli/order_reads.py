"""`orderpath order show|allowed|history|as-of|diff`: one order, now and through time."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.errors import CommandFailed
from services.cli.options import AsJson, Moments, OrderRef, Time, time_of, unfolded
from services.cli.order_tables import (
    allowed_tables,
    diff_table,
    history_table,
    sheet,
    why_table,
)
from services.cli.output import put, words
from services.cli.session import opened, up_to_date

if TYPE_CHECKING:
    from uuid import UUID

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
    put(view, as_json=json, people=lambda: sheet(view))


def allowed(
    order: OrderRef,
    roles: Annotated[
        list[str] | None, typer.Option("--as", metavar="ROLE", help="A role; repeatable.")
    ] = None,
    actor: Annotated[
        str,
        typer.Option(metavar="NAME", help="Who asks; matters to four eyes."),
    ] = "somebody",
    json: AsJson = False,
) -> None:
    """List where an order may go and what may be edited, and what stands against the rest."""
    from services.allowed import allowed_for
    from services.reading import find_order

    with opened() as system:
        answer = allowed_for(system, find_order(system, order), tuple(roles or ()), actor)
    put(answer, as_json=json, people=lambda: allowed_tables(answer))


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
    put(answer, as_json=json, people=lambda: [history_table(answer)])


def as_of(order: OrderRef, time: Time, as_known: AsKnown = None, json: AsJson = False) -> None:
    """Show an order as it was at a moment, that moment included."""
    with opened() as system:
        order_id, events = _events(system, order)
        then = _known_then(events, order_id, time, as_known)
        view = _view(system, then, order_id)
    view = {"as_of": time, "as_known": as_known, **view}
    put(view, as_json=json, people=lambda: sheet(view))


def diff(
    order: OrderRef,
    start: Annotated[datetime, typer.Argument(parser=time_of, metavar="FROM")],
    end: Annotated[
        datetime | None, typer.Argument(parser=time_of, metavar="TO", help="By default now.")
    ] = None,
    as_known: AsKnown = None,
    json: AsJson = False,
) -> None:
    """Show what differs between two moments of an order."""
    from services.history import known_by, state_of
    from services.order_view import difference, told_number_of, view_of

    if end is not None:
        _in_order(start, end, "TO")
    with opened() as system:
        order_id, events = _events(system, order)
        # An imported fact may be a few minutes ahead of our clock.
        now = max(system.clock(), *(recorded.occurred_at for recorded in events))
    if end is None:
        _in_order(start, now, "now")
    known = [known_by(events, at, as_known) for at in (start, end)]
    views = [view_of(state_of(e), order_id, told_number=told_number_of(e)) for e in known]
    changes = [
        {"field": field, "from": before, "to": after} for field, before, after in difference(*views)
    ]
    answer = {
        "order_id": str(order_id),
        "from": start,
        "to": end,
        "as_known": as_known,
        "changes": changes,
    }
    currency = views[1]["currency"]
    put(answer, as_json=json, people=lambda: [diff_table(answer, currency)])


def why(order: OrderRef, json: AsJson = False) -> None:
    """Say what led to each change of an order, and to what rules did besides: back to its begin."""
    from projections.reports.rule_runs import list_sent
    from services.why import chains_of

    with up_to_date() as system:
        order_id, events = _events(system, order)
        with system.snapshot() as reader:
            sent = list_sent(reader, order_id)
        chains = chains_of(system.log, events, sent)
    answer = {
        "order_id": str(order_id),
        "chains": [[link.as_dict() for link in chain] for chain in chains],
    }
    put(answer, as_json=json, people=lambda: [why_table(answer)])


def _in_order(start: datetime, end: datetime, name: str) -> None:
    """Refuse to look for what changed in a time that ends before it begins."""
    if start > end:
        advice = "swap the two" if name == "TO" else "choose an earlier FROM"
        message = f"FROM ({words(start)}) is later than {name} ({words(end)}), in UTC: {advice}"
        raise typer.BadParameter(message)


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
        message = (
            f"order {order_id} was not there at {words(time)}; it begins at {words(first)} UTC"
        )
        if as_known is not None:
            message += f", and the log knew nothing of it by {words(as_known)}" * (not then)
        raise CommandFailed(message)
    return then


def _view(
    system: "System", events: "list[Recorded]", order_id: "UUID", *, with_moves: bool = False
) -> "View":
    from services.history import state_of
    from services.order_view import told_number_of, view_of
    from services.reading import path_of

    order = state_of(events)
    path = path_of(system, order)
    view = view_of(order, order_id, path, told_number=told_number_of(events))
    if with_moves:
        view["moves"] = list(path.moves_from(order.status)) if path else []
    return view
