"""Schema `analytics`: documented views for people, over the live builds. One SQL file each.

A file begins with the view's comment; a line of its last select that ends in `-- text` gives
the comment of the column that it names. services.read_models installs them.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Final

from psycopg import sql

from projections import sighted
from projections.interface import Tx

VERSION: Final = 1  # raised when what the views mean changes: an older Orderpath leaves them alone

# In the order in which they stand on each other.
PARTS: Final = (
    "orders",
    "items",
    "payments",
    "shipments",
    "documents",
    "stock_levels",
    "reservations",
    "products",
    "discounts",
    "delivery_methods",
    "path_statuses",
    "path_transitions",
    "status_entries",
    "acts",
    "snoozes",
    "status_visits",
    "status_visits_at",
    "funnel_now",
    "funnel_flow",
    "funnel_cohort",
    "stale_orders",
    "stale_orders_at",
    "overdue",
    "conversion_times",
    "time_in_status",
    "handling_times",
    "transitions_actual",
    "routes",
    "status_usage",
    "handled_stays",
    "calls",
    "operator_figures",
    "pipeline_value",
    "pipeline_workload",
    "receivables",
    "item_demand",
    "segment_members",
    "segments",
    "cancel_attribution",
    "drop_off",
    "cancel_reasons",
    "actor_activity",
    "customers",
    "enquiries",
    "enquiry_conversion",
    "refusals",
    "overrides",
    "audit_days",
    "trigger_runs",
    "trigger_acts",
    "team_members",
    "team_loads",
    "work_queue",
    "alerts",
    "tasks",
    "waves",
    "inbox",
    "notifications",
    "freshness",
)

_COLUMN: Final = re.compile(r"(\w+),?\s+-- (.+)$")


def text_of(part: str) -> str:
    """Give the SQL of one part."""
    return (files("projections.analytics") / f"{part}.sql").read_text()


def fingerprint(texts: Iterable[str]) -> str:
    """Hash the texts of all parts: another one means that they must be installed again."""
    return sha256("\x00".join(texts).encode()).hexdigest()


def is_installed(tx: Tx) -> bool:
    """Say whether the views are these ones, or those of a later version."""
    row = tx.execute(
        "select version, fingerprint from projection.installed where part = 'analytics'"
    ).fetchone()
    ours = (VERSION, _fingerprint())
    return row is not None and (row[0] > VERSION or tuple(row) == ours)


def install(tx: Tx) -> None:
    """Make all views and functions anew, with their comments and the right to read them."""
    sighted.drop(tx)
    _drop(tx)
    tx.execute("set local search_path = analytics, pg_temp")
    texts = {part: text_of(part) for part in PARTS}
    for part, text in texts.items():
        tx.execute(text.encode())
        for statement in _comments(part, text):
            tx.execute(statement)
    tx.execute(
        "grant select on all tables in schema analytics to orderpath_analyst, orderpath_auditor"
    )
    tx.execute(
        "grant execute on all functions in schema analytics to orderpath_analyst, orderpath_auditor"
    )
    tx.execute(
        "insert into projection.installed values ('analytics', %s, %s) on conflict (part)"
        " do update set version = excluded.version, fingerprint = excluded.fingerprint",
        [VERSION, _fingerprint()],
    )
    sighted.install(tx, texts.values())


def _fingerprint() -> str:
    """Hash all that is installed: what the twins of the views are made by, too."""
    twins = files("projections") / "sighted.py"
    return fingerprint([*map(text_of, PARTS), twins.read_text()])


def _drop(tx: Tx) -> None:
    functions = tx.execute(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'analytics'::regnamespace"
    ).fetchall()
    for (function,) in functions:
        tx.execute(f"drop function {function} cascade".encode())
    views = tx.execute(
        "select relname from pg_class where relnamespace = 'analytics'::regnamespace"
        " and relkind = 'v'"
    ).fetchall()
    for (view,) in views:
        name = sql.Identifier("analytics", view)
        tx.execute(sql.SQL("drop view if exists {} cascade").format(name))


def _comments(part: str, text: str) -> Iterator[sql.Composed]:
    """Turn the remarks of a file into comments that any tool shows."""
    lines = text.splitlines()
    head = [line.removeprefix("-- ") for line in lines[: _first_line_of_code(lines)]]
    name = sql.Identifier("analytics", part)
    about = " ".join(head)
    if "create function" in text:
        yield sql.SQL("comment on function {} is {}").format(name, about)
        yield sql.SQL("revoke execute on function {} from public").format(name)
        return
    yield sql.SQL("comment on view {} is {}").format(name, about)
    for line in lines[len(head) :]:
        found = _COLUMN.search(line)
        if found:
            column = sql.Identifier("analytics", part, found[1])
            yield sql.SQL("comment on column {} is {}").format(column, found[2])


def _first_line_of_code(lines: list[str]) -> int:
    return next(n for n, line in enumerate(lines) if not line.startswith("--"))
