"""Schemas `sighted` and `seen`: the live tables and the views of `analytics` once more, over the
orders only that a caller sees. Installed with `analytics`, whose files they are made of.

Which orders those are, a session says in REGIONS, in the transaction in which it reads.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from psycopg import sql
from pydantic_core import to_json

from domain.sights import Region
from projections.interface import Tx

REGIONS: Final = "orderpath.regions"
# Of no order, and seen by whoever may ask for them: what the shop has, and who works there.
OF_ALL: Final = frozenset(
    {"delivery_methods", "discounts", "endpoints", "products", "stock_levels", "team_members"}
)
# Of many orders at once, or of callers: seen by nobody who does not see every order.
OF_MANY: Final = frozenset({"floods", "waves"})
# Of an order, or of none: then they are seen.
OF_SOME: Final = frozenset({"alerts", "rule_acts", "tasks", "trigger_runs"})
# A customer has an order that is seen, or none at all yet.
_ACQUAINTED: Final = (
    "(exists (select from sighted.orders o where o.customer_id = t.customer_id)"
    " or not exists (select from live.orders o where o.customer_id = t.customer_id))"
)
# Of an order through something else, by the condition under which they are seen.
_OTHERWISE: Final = {
    "customers": _ACQUAINTED,
    "effects": "case when t.order_id is not null"
    " then exists (select from sighted.orders o where o.order_id = t.order_id)"
    f" else t.customer_id is null or {_ACQUAINTED} end",
    "enquiries": "(t.order_id is null"
    " or exists (select from sighted.orders o where o.order_id = t.order_id))"
    f" and (t.customer_id is null or {_ACQUAINTED})",
    "effect_attempts": "exists (select from sighted.effects e where e.effect_id = t.effect_id)",
    "orders": """exists (
        select from jsonb_to_recordset(current_setting('orderpath.regions')::jsonb)
            as r (shops text[], order_types text[], channels text[], tests boolean[])
        where (r.shops is null or t.shop = any (r.shops))
          and (r.order_types is null or t.order_type = any (r.order_types))
          and (r.channels is null or t.channel = any (r.channels))
          and t.test = any (r.tests))""",
}
_NAME: Final = re.compile(r"\b(live|analytics)\.(?=[a-z_])")
_SCHEMAS: Final = {"live": "sighted", "analytics": "seen"}


def install(tx: Tx, texts: Iterable[str]) -> None:
    """Make all of it anew. texts: the SQL of the parts of analytics, in their order"""
    drop(tx)
    tables = tables_of(tx)
    first = ["orders", "effects"]  # what the conditions of others stand on
    for table in [*first, *(one for one in tables if one not in first)]:
        statement = sql.SQL("create view {} as select t.* from {} t where {}")
        condition = sql.SQL(_condition(table, tables[table]))
        names = (sql.Identifier(schema, table) for schema in ("sighted", "live"))
        tx.execute(statement.format(*names, condition))
    tx.execute("set local search_path = seen, pg_temp")
    for text in texts:
        tx.execute(_NAME.sub(lambda found: f"{_SCHEMAS[found[1]]}.", text).encode())
    functions = tx.execute(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'seen'::regnamespace"
    ).fetchall()
    for (function,) in functions:
        tx.execute(f"revoke execute on function {function} from public".encode())
    tx.execute("grant select on all tables in schema seen to orderpath_analyst")
    tx.execute("grant execute on all functions in schema seen to orderpath_analyst")


def drop(tx: Tx) -> None:
    """Take both schemas' contents away."""
    for schema in ("seen", "sighted"):
        functions = tx.execute(
            "select oid::regprocedure::text from pg_proc where pronamespace = %s::regnamespace",
            [schema],
        ).fetchall()
        for (function,) in functions:
            tx.execute(f"drop function {function} cascade".encode())
        views = tx.execute(
            "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'v'",
            [schema],
        ).fetchall()
        for (view,) in views:
            name = sql.Identifier(schema, view)
            tx.execute(sql.SQL("drop view if exists {} cascade").format(name))


def tables_of(tx: Tx) -> dict[str, set[str]]:
    """Name the live tables with their columns."""
    rows = tx.execute(
        "select c.relname, array_agg(a.attname) from pg_class c join pg_attribute a"
        " on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where c.relnamespace = 'live'::regnamespace and c.relkind = 'v' group by 1 order by 1"
    ).fetchall()
    return {name: set(columns) for name, columns in rows}


def look_through(tx: Any, regions: Iterable[Region]) -> None:
    """Let all that this transaction reads by unqualified names be of the orders of the regions."""
    tx.execute(
        "select set_config('search_path', 'seen, pg_temp', true), set_config(%s, %s, true)",
        [REGIONS, to_json(list(regions)).decode()],
    )


def _condition(table: str, columns: set[str]) -> str:
    """Say which rows of a table are seen. One that nobody has decided about shows nothing."""
    if table in _OTHERWISE:
        return _OTHERWISE[table]
    if table in OF_ALL:
        return "true"
    if table in OF_MANY or "order_id" not in columns:
        return "false"
    seen = "t.order_id in (select o.order_id from sighted.orders o)"
    return f"t.order_id is null or {seen}" if table in OF_SOME else seen
