"""`orderpath order list|show|allowed|history|as-of|diff|why`: orders now, and through time."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Final

import typer

from services.cli.options import AsJson, Moments, OrderRef, Time, said, time_of, unfolded
from services.cli.order_tables import (
    allowed_tables,
    diff_table,
    history_table,
    page_tables,
    sheet,
    why_table,
)
from services.cli.output import put, words
from services.cli.session import desk as opened_desk

AsKnown = Annotated[
    datetime | None,
    typer.Option(parser=time_of, metavar="TIME", help="What the log knew by then."),
]

LISTED: Final = 50

Which = Annotated[str | None, typer.Option(metavar="NAME")]


@dataclass(frozen=True, slots=True)
class Like:
    """What orders are like; all of it has to be so."""

    path: Which = None
    status: Which = None
    stage: Which = None
    shop: Which = None
    order_type: Annotated[str | None, typer.Option("--type", metavar="NAME")] = None
    channel: Which = None
    external_id: Annotated[
        str | None, typer.Option("--number", metavar="NUMBER", help="Their number in the source.")
    ] = None
    customer_id: Annotated[str | None, typer.Option("--customer", metavar="ID")] = None
    owner_user: Annotated[str | None, typer.Option("--owner", metavar="PERSON")] = None
    owner_group: Annotated[str | None, typer.Option("--group", metavar="GROUP")] = None
    open: Annotated[
        bool | None, typer.Option("--open/--ended", help="Not finished, or finished.")
    ] = None
    overdue: Annotated[
        bool | None, typer.Option("--overdue/--in-time", help="Beyond the time limit, or not.")
    ] = None
    test: Annotated[bool, typer.Option("--test", help="Test orders instead of others.")] = False


@unfolded
def list_them(
    *,
    like: Like,
    limit: Annotated[int, typer.Option(min=1, max=1_000, metavar="N", help="At most.")] = LISTED,
    cursor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Go on where the page before ended.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List orders, those that were placed last first, a page at a time."""
    from services.questions.orders import Orders

    with opened_desk() as desk:
        answer = desk.ask(Orders(limit=limit, cursor=cursor, **said(**asdict(like))))
    put(answer, as_json=json, people=lambda: page_tables(answer))


def show(order: OrderRef, json: AsJson = False) -> None:
    """Show an order as it is now, and where it may go."""
    from services.questions.orders import ShowOrder

    with opened_desk() as desk:
        view = desk.ask(ShowOrder(order=order))
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
    from services.questions.orders import AllowedMoves

    with opened_desk() as desk:
        asked = AllowedMoves(order=order, as_roles=tuple(roles or ()), actor=actor)
        answer = desk.ask(asked)
    put(answer, as_json=json, people=lambda: allowed_tables(answer))


@unfolded
def history(order: OrderRef, *, moments: Moments, json: AsJson = False) -> None:
    """List who changed what, when, why, and when the log recorded it."""
    from services.questions.orders import OrderHistory

    with opened_desk() as desk:
        asked = OrderHistory(order=order, as_of=moments.as_of, as_known=moments.as_known)
        answer = desk.ask(asked)
    put(answer, as_json=json, people=lambda: [history_table(answer)])


def as_of(order: OrderRef, time: Time, as_known: AsKnown = None, json: AsJson = False) -> None:
    """Show an order as it was at a moment, that moment included."""
    from services.questions.orders import OrderAsOf

    with opened_desk() as desk:
        view = desk.ask(OrderAsOf(order=order, time=time, as_known=as_known))
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
    from services.questions.orders import OrderDiff

    if end is not None and start > end:
        message = f"FROM ({words(start)}) is later than TO ({words(end)}), in UTC: swap the two"
        raise typer.BadParameter(message)
    with opened_desk() as desk:
        answer = desk.ask(OrderDiff(order=order, start=start, end=end, as_known=as_known))
    put(answer, as_json=json, people=lambda: [diff_table(answer, answer["currency"])])


def why(order: OrderRef, json: AsJson = False) -> None:
    """Say what led to each change of an order, and to what rules did besides: back to its begin."""
    from services.questions.orders import WhyOrder

    with opened_desk() as desk:
        answer = desk.ask(WhyOrder(order=order))
    put(answer, as_json=json, people=lambda: [why_table(answer)])
