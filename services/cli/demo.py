"""`orderpath demo`: a simulated shop on the real write path, then what the reports say of it."""

import os
import sys
from collections.abc import Iterator
from shlex import quote
from shutil import which
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import report_tables as tables
from services.cli.demo_late import late_commands, late_tables, told
from services.cli.errors import CommandFailed
from services.cli.options import AsJson
from services.cli.output import progress_bar, put, say, table
from services.cli.reports import A_WEEK
from services.demo import DAYS, ORDERS, SEED, SHOP

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import System
    from services.demo.run import DemoSummary

CONVERSIONS = (("new", "paid"), ("new", "delivered"), ("handed_over", "delivered"))
LISTED = 5
_OTHER = (
    "another version of Orderpath simulated a shop here. Stop what runs on it with "
    "ORDERPATH_DATA_DIR={folder} orderpath down, remove the folder {folder}, and simulate it anew"
)
QUESTION = "select * from analytics.cancel_reasons order by orders desc"


def demo(
    shop: Annotated[
        str, typer.Option(metavar="NAME", help="One of the ready-made shops, as minoxidil.")
    ] = SHOP,
    seed: Annotated[int, typer.Option(metavar="N", help="Another shop for each number.")] = SEED,
    days: Annotated[int, typer.Option(min=1, max=365, metavar="N")] = DAYS,
    orders: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, metavar="N", help=f"Usually {ORDERS // DAYS} a day."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Simulate a shop for 30 days and show its reports; in a folder of its own."""
    from domain.refusals import CommandIdReused
    from services.bootstrap import load_settings, open_system
    from services.demo.clock import VirtualClock
    from services.demo.opening import check_shop
    from services.demo.run import Size, demo_settings, run_demo
    from services.demo.shop import START

    check_shop(shop)
    orders = orders or max(1, ORDERS * days // DAYS)
    size: Size = {"seed": seed, "days": days, "orders": orders}
    chosen = load_settings()
    settings = demo_settings(chosen, shop=shop, **size)
    with open_system(settings, VirtualClock(START)) as system:
        say(f"A simulated shop: {orders:,} orders in {days} days, in {settings.data_dir}")
        try:
            with progress_bar("Commands") as move:
                summary = run_demo(system, shop=shop, progress=move, **size)
        except CommandIdReused:
            raise CommandFailed(_OTHER.format(folder=quote(str(settings.data_dir)))) from None
        with progress_bar("Projections") as move:
            system.catch_up(progress=move)
        answer = _answer(system, summary, shop) | told(system, chosen)
    put(answer, as_json=json, people=lambda: _story(answer, str(settings.data_dir)))


def _answer(system: "System", summary: "DemoSummary", shop: str) -> dict[str, Any]:
    from services.demo.opening import conversions_of
    from services.questions.orders import OrderHistory, history
    from services.questions.reports import (
        ConversionTimes,
        Funnel,
        Stale,
        conversion,
        funnel,
        stale,
    )

    ours = shop == SHOP
    scoping: Any = {"as_of": summary.until, "path": SHOP if ours else None}
    conversions = CONVERSIONS if ours else conversions_of(shop)
    return {
        "summary": {
            "orders": summary.orders,
            "commands": summary.commands,
            "accepted": summary.accepted,
            "refused": summary.refused,
            "nothing": summary.nothing,
            "repeated": summary.repeated,
            "fired": summary.fired,
            "acted": summary.acted,
            "seconds": round(summary.seconds, 3),
            "until": summary.until,
            "sample_order": str(summary.sample_order),
            "refused_because": dict(summary.refused_because),
            "by_actor": dict(summary.by_actor),
        },
        "funnel": funnel(system, Funnel(**scoping)),
        "stale": stale(system, Stale(**scoping, limit=LISTED)),
        "conversion": [
            conversion(system, ConversionTimes(**scoping, start=start, end=end))
            for start, end in conversions
        ],
        "history": history(system, OrderHistory(order=str(summary.sample_order))),
    }


def _story(answer: dict[str, Any], folder: str) -> "Iterator[RenderableType]":
    from services.cli.order_tables import history_table

    summary = answer["summary"]
    yield _summary_table(summary)
    yield from tables.now_tables(answer["funnel"])
    yield from tables.stale_tables(answer["stale"], A_WEEK, summary["until"])
    yield tables.conversion_table(answer["conversion"])
    yield history_table(answer["history"])
    yield from late_tables(answer["late"], answer["mail"])
    order, until = summary["sample_order"], summary["until"].strftime("%Y-%m-%dT%H:%M:%SZ")
    yield ""
    yield "Try next:"
    program = _program()
    yield f"  export ORDERPATH_DATA_DIR={quote(folder)}"
    yield from (f"  {program} {words}" for words in late_commands(answer["late"]))
    yield f"  {program} order as-of {order} {until}"
    yield f"  {program} report transitions --as-of {until}"
    yield f"  {program} psql -c {quote(QUESTION)}"


def _program() -> str:
    """Give the words that start this program here: its name, or the way to it."""
    if which("orderpath"):
        return "orderpath"
    return quote(os.path.relpath(sys.argv[0]))


def _summary_table(summary: dict[str, Any]) -> "RenderableType":
    rate = summary["commands"] / summary["seconds"] if summary["seconds"] else 0.0
    refused = summary["refused_because"] or {}
    rows = [
        ("orders", summary["orders"]),
        ("commands", summary["commands"]),
        ("accepted", summary["accepted"]),
        ("refused", summary["refused"]),
        *((f"  because {code}", number) for code, number in refused.items()),
        ("already so", summary["nothing"]),
        ("answered before", summary["repeated"]),
        ("fired by the clock", summary["fired"]),
        ("sent by rules", summary["acted"]),
        ("commands per second", round(rate)),
        *((f"sent by {actor}", number) for actor, number in summary["by_actor"].items()),
    ]
    return table("What happened", "what", "number>", rows=rows)
