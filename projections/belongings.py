"""What belongs to a customer, as far as the tables know: orders, and what is about them and has
personal data of its own. Asked before somebody is erased, by services.erasing.
"""

from typing import Final
from uuid import UUID

from projections.interface import Tx

MOST_ORDERS: Final = 10_000
MOST_BESIDE: Final = 100_000


def are_there(tx: Tx) -> bool:
    """Say whether the tables that are asked were made yet."""
    row = tx.execute(_TABLES).fetchone()
    return row is not None and bool(row[0])


def list_orders_of_customer(tx: Tx, customer_id: str, before: int | None = None) -> list[UUID]:
    """List the orders of a customer, test orders too.

    before: only those that began before this position; None: all
    Shape:  0..MOST_ORDERS rows, ties by order_id.
    """
    told = {"customer": customer_id, "before": before, "most": MOST_ORDERS}
    rows = tx.execute(_ORDERS, told)
    return [order_id for (order_id,) in rows]


def list_beside(tx: Tx, customer_id: str, before: int | None = None) -> list[str]:
    """List the streams that hold data about a customer under keys of their own: tasks, alerts and
    messages, and what orders and enquiries held before it was known whose they are.

    before: of tasks, alerts and messages only those that began before this position; None: all
    Shape:  0..MOST_BESIDE stream ids.
    """
    told = {"customer": customer_id, "before": before, "most": MOST_BESIDE}
    rows = tx.execute(_BESIDE, told)
    return [stream for (stream,) in rows]


_TABLES: Final = """
    select bool_and(to_regclass('live.' || name) is not null)
    from unnest(array['orders', 'enquiries', 'tasks', 'alerts', 'effects']) as name
"""
_ORDERS: Final = """
    select order_id from live.orders where customer_id = %(customer)s
      and (%(before)s::bigint is null or position < %(before)s)
    order by order_id limit %(most)s
"""
_BESIDE: Final = """
    with theirs as materialized (
        select order_id from live.orders where customer_id = %(customer)s
    ), about as materialized (
        select 'order-' || order_id as stream from theirs
        union all select 'enquiry-' || enquiry_id from live.enquiries
        where customer_id = %(customer)s or order_id in (select order_id from theirs)
        union all select 'customer-' || %(customer)s
    ), those as (
        select 'task-' || task_id as stream, order_id, subject, null as customer_id, position
        from live.tasks
        union all select 'alert-' || alert_id, order_id, subject, null, position from live.alerts
        union all select 'effect-' || effect_id, order_id, null, customer_id, position
        from live.effects
    )
    select stream from about where stream <> 'customer-' || %(customer)s
    union all select stream from those
    where (order_id in (select order_id from theirs) or customer_id = %(customer)s
           or subject in (select stream from about))
      and (%(before)s::bigint is null or position < %(before)s)
    limit %(most)s
"""
