"""What people see of the figures. Used by services.cli.figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.cli.amounts import amount
from services.cli.output import span, table

if TYPE_CHECKING:
    from rich.console import RenderableType

Rows = Sequence[Mapping[str, Any]]


def pipeline_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show what open orders are worth, and the work that is to come."""
    yield table(
        "What the open orders are worth",
        "path", "stage", "orders>", "worth>", "past success>", "expected>",
        rows=(
            [
                row["path"],
                row["stage"],
                row["orders"],
                amount(row["total_minor"], row["currency"]),
                _percent(row["conversion"]),
                _expected(row),
            ]
            for row in answer["stages"]
        ),
    )  # fmt: skip
    yield table(
        "The work that they still ask for",
        "path", "stage", "in charge", "stays to come>", "time in hand>",
        rows=(
            [
                row["path"],
                row["stage"],
                row["role"],
                f"{row['expected_stays']:,.1f}",
                span(row["expected_seconds"]),
            ]
            for row in answer["workload"]
        ),
    )  # fmt: skip


def receivables_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show what is owed by age, by whom, and for which orders."""
    yield table(
        "What is owed",
        "days", "orders>", "owed>",
        rows=([row["age_bucket"], row["orders"], _owed(row)] for row in answer["ages"]),
    )  # fmt: skip
    if not answer["orders"]:
        return
    yield table(
        "By customer, the largest sum first",
        "customer", "orders>", "owed>", "since (UTC)",
        rows=(
            [row["customer_id"], row["orders"], _owed(row), row["since"]]
            for row in answer["customers"]
        ),
    )  # fmt: skip
    yield table(
        "By order, the oldest first",
        "order!?", "number", "customer?", "status", "owner?", "costs>", "owed>", "days>",
        rows=(
            [
                row["order_id"],
                row["external_id"],
                row["customer_id"],
                row["status"],
                row["owner_user"] or row["owner_group"],
                amount(row["total_minor"], row["currency"]),
                _owed(row),
                row["age_days"],
            ]
            for row in answer["orders"]
        ),
    )  # fmt: skip


def demand_table(rows: Rows) -> "RenderableType":
    """Show which articles are asked for."""
    return table(
        "Demand, what brings most first",
        "sku", "title?", "class", "orders>", "asked for>", "unasked>?", "sold>", "revenue>",
        "share>", "a week>", "varies by>",
        rows=(
            [
                row["sku"],
                row["title"],
                row["abc"] + (row["xyz"] or ""),
                row["orders"],
                row["ordered"],
                row["upsold"],
                row["sold"],
                amount(row["net_minor"], row["currency"]),
                _percent(row["share"]),
                None if row["weekly_mean"] is None else f"{row['weekly_mean']:,.1f}",
                _percent(row["variation"]),
            ]
            for row in rows
        ),
    )  # fmt: skip


def segments_table(rows: Rows) -> "RenderableType":
    """Show which customers have a tag and a reason in common."""
    columns = ("tag", "reason_code", "customers", "orders", "last_at")
    return table(
        "Customers by tag and cancel reason",
        "tag", "why not", "customers>", "orders lost>", "the latest (UTC)",
        rows=([row[name] for name in columns] for row in rows),
    )  # fmt: skip


def reasons_table(rows: Rows) -> "RenderableType":
    """Show why orders failed."""
    return table(
        "Why orders failed, the most frequent first",
        "path?", "from", "to", "why", "in charge", "supplier", "orders>", "goods>",
        rows=(
            [
                row["path"],
                row["previous_status"],
                row["status"],
                row["reason_code"],
                row["holder_user"] or row["holder_group"],
                row["supplier"],
                row["orders"],
                amount(row["goods_minor"] or 0, row["currency"]),
            ]
            for row in rows
        ),
    )  # fmt: skip


def operators_table(rows: Rows) -> "RenderableType":
    """Show what each person did."""
    return table(
        "People: calls, upselling, orders moved on",
        "who", "days>", "calls>", "dialled>", "reached>", "success>", "talked>", "unasked>",
        "sold so>", "orders>", "handling>",
        rows=(
            [
                *(row[name] for name in ("operator", "days", "calls", "dialled", "reached")),
                _percent(row["dial_success"]),
                span(row["talk_seconds"]),
                row["upsells"],
                amount(row["upsell_minor"], row["currency"]),
                row["orders_handled"],
                span(row["mean_handling_seconds"]),
            ]
            for row in rows
        ),
    )  # fmt: skip


def compared_table(rows: Rows) -> "RenderableType":
    """Show two periods, one below the other."""
    return table(
        "Two periods",
        "from (UTC)", "to (UTC)", "placed>", "won>", "revenue>", "in charge", "people>",
        "orders>", "each>", "handling, median>",
        rows=(
            [
                *(row[name] for name in ("from", "to", "placed", "won")),
                amount(row["revenue_minor"], row["currency"]),
                row["role"],
                row["people"],
                row["orders"],
                _each(row),
                span(row["seconds"]["median"]),
            ]
            for row in rows
        ),
    )  # fmt: skip


def _percent(share: float | None) -> str | None:
    """Write a share for people."""
    return None if share is None else f"{share:.0%}"


def _owed(row: Mapping[str, Any]) -> str:
    return amount(row["unpaid_minor"], row["currency"])


def _expected(row: Mapping[str, Any]) -> str | None:
    worth = row["expected_minor"]
    return None if worth is None else amount(worth, row["currency"])


def _each(row: Mapping[str, Any]) -> str | None:
    share = row["orders_per_person"]
    return None if share is None else f"{share:,.1f}"
