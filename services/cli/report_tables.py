"""What people see of the reports. Used by `orderpath report …` and at the end of the demo."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.cli.amounts import amount
from services.cli.output import span, table, words

if TYPE_CHECKING:
    from rich.console import RenderableType

Rows = Sequence[Mapping[str, Any]]


def now_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show where the orders are."""
    stages = answer["stages"]
    most = max((stage["orders"] for stage in stages), default=1)
    with_path = len({stage["path"] for stage in stages}) > 1
    yield table(
        f"Where the orders are{_moment(answer['as_of'])}",
        *(["path"] if with_path else []),
        "stage", "status", "orders>", "!?", "worth>", "ever reached>",
        rows=(
            [
                *([stage["path"]] if with_path else []),
                stage["stage"],
                stage["status"],
                stage["orders"],
                "█" * max(round(24 * stage["orders"] / most), 1),
                amount(stage["total_minor"], stage["currency"]),
                stage["reached"],
            ]
            for stage in stages
        ),
    )  # fmt: skip
    yield f"{answer['open']:,} of {sum(s['orders'] for s in stages):,} orders are open."


def flow_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show what moved, day by day."""
    keys = ("day", "path", "stage", "status", "entered", "left", "now")
    columns = ("day (UTC)", "path", "stage", "status", "entered>", "left>", "then in it>")
    rows = ([day[key] for key in keys] for day in answer["days"])
    yield table(f"Flow{_moment(answer['as_of'])}", *columns, rows=rows)


def cohort_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show how far each month's orders came, one table for each path."""
    for path in dict.fromkeys(cohort["path"] for cohort in answer["cohorts"]):
        cohorts = [cohort for cohort in answer["cohorts"] if cohort["path"] == path]
        statuses = list(dict.fromkeys(s for cohort in cohorts for s in cohort["reached"]))
        yield table(
            f"Of the orders of each month, how many ever reached: path {path}",
            "placed in", "orders>", *(f"{status}>" for status in statuses),
            rows=(
                [c["month"], c["orders"], *(c["reached"].get(s, 0) for s in statuses)]
                for c in cohorts
            ),
        )  # fmt: skip


def stale_tables(
    answer: Mapping[str, Any], silent_for: timedelta, now: datetime
) -> "Iterator[RenderableType]":
    """Show open orders by silence, and the longest silent ones."""
    silent = answer["silent"]
    counts = [answer["open"], *silent.values(), answer["overdue"]]
    columns = ("open>", *(f"silent > {name}>" for name in silent), "overdue>")
    yield table(f"Open orders{_moment(answer['as_of'])}", *columns, rows=[counts])
    if not answer["orders"]:
        return
    at = answer["as_of"] or now
    order_id = "order!?" if all(order["external_id"] for order in answer["orders"]) else "order!"
    yield table(
        f"The longest silent first (asked for: longer than {span(silent_for.total_seconds())})",
        order_id, "number", "stage?", "status", "since (UTC)?", "silent for>", "overdue?",
        "owner", "worth>",
        rows=(
            [
                order["order_id"],
                order["external_id"],
                order["stage"],
                order["status"],
                order["last_at"],
                at - order["last_at"],
                order["overdue"],
                order["owner_user"] or order["owner_group"],
                amount(order["total_minor"], order["currency"]),
            ]
            for order in answer["orders"]
        ),
    )  # fmt: skip


def conversion_table(answers: Rows) -> "RenderableType":
    """Show how long orders take from one status to another."""
    return table(
        "From first entry to first entry",
        "from", "to", "orders>", "mean>", "median>", "p90>", "shortest>?", "longest>?",
        rows=([a["from"], a["to"], a["orders"], *_spans(a["seconds"])] for a in answers),
    )  # fmt: skip


def transitions_table(rows: Rows) -> "RenderableType":
    """Show the moves that orders made."""
    return table(
        "Moves that orders really made",
        "from", "to", "moves>", "off the path>", "mean>", "median>", "p90>",
        "shortest>?", "longest>?",
        rows=(
            [r["from"], r["to"], r["count"], r["nonconforming"], *_spans(r["seconds"])]
            for r in rows
        ),
    )  # fmt: skip


def times_table(rows: Rows) -> "RenderableType":
    """Show how long orders stay."""
    return table(
        "Time in status, over the stays that have ended",
        "path", "stage", "status", "stays>", "in it now>", *_PERCENTILES,
        rows=(
            [r["path"], r["stage"], r["status"], r["visits"], r["open"], *_spans(r["seconds"])]
            for r in rows
        ),
    )  # fmt: skip


def handling_table(rows: Rows) -> "RenderableType":
    """Show how long orders are worked on."""
    held = any(r["holder_user"] or r["holder_group"] for r in rows)
    return table(
        "Handling time, from taken up to handed on",
        "path", "stage", "status", *(["person", "group"] if held else []), "stays>", *_PERCENTILES,
        rows=(
            [
                r["path"],
                r["stage"],
                r["status"],
                *([r["holder_user"], r["holder_group"]] if held else []),
                r["visits"],
                *_spans(r["seconds"]),
            ]
            for r in rows
        ),
    )  # fmt: skip


def routes_table(rows: Rows) -> "RenderableType":
    """Show the ways that orders took."""
    return table(
        "Routes",
        "orders>", "finished>", "mean>", "route",
        rows=(
            [r["orders"], r["finished"], span(r["mean_seconds"]), " > ".join(r["route"])]
            for r in rows
        ),
    )  # fmt: skip


def overrides_tables(answer: Mapping[str, Any], since: timedelta) -> "Iterator[RenderableType]":
    """Show the moves against the usual way."""
    yield table(
        f"Moves against the usual way, of {span(since.total_seconds())}{_moment(answer['as_of'])}",
        "order!", "number", "when (UTC)", "from", "to", "who", "why",
        rows=(
            [
                o["order_id"],
                o["external_id"],
                o["used_at"],
                o["from"],
                o["to"],
                f"{o['actor_id']} for {o['on_behalf_of']}" if o["on_behalf_of"] else o["actor_id"],
                o["reason"],
            ]
            for o in answer["overrides"]
        ),
    )  # fmt: skip
    yield f"{answer['total']:,} in all, {len(answer['overrides']):,} are listed."


_PERCENTILES = ("mean>", "p50>", "p90>", "p99>?", "shortest>?", "longest>?")


def _spans(seconds: Mapping[str, float | None]) -> list[str]:
    return [span(value) for value in seconds.values()]


def _moment(as_of: datetime | None) -> str:
    return f", as of {words(as_of)} UTC" if as_of else ""
