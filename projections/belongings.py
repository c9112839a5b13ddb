"""What belongs to a customer, as far as the tables know: orders, and what is about them and has
personal data of its own. Asked before somebody is erased, by services.erasing.
"""

from typing import Final
from uuid import UUID

from projections.interface import Tx


def are_there(tx: Tx) -> bool:
    """Say whether the tables that are asked were made yet."""
    row = tx.execute(_TABLES).fetchone()
    return row is not None and bool(row[0])


def list_orders_of_customer(
    tx: Tx, customer_id: str, behind: UUID | None, limit: int
) -> list[tuple[UUID, int]]:
    """List the orders of a customer, test orders too, each with the position of its first event.

    behind: only those with a later id; None: from the first
    Shape:  0..limit rows, by order_id.
    """
    told = {"customer": customer_id, "behind": behind, "most": limit}
    return list(tx.execute(_ORDERS, told))


def list_beside(
    tx: Tx, customer_id: str, behind: str, limit: int, before: int | None = None
) -> list[str]:
    """List the streams that hold data about a customer under keys of their own: tasks, alerts and
    messages, and what orders and enquiries held before it was known whose they are.

    behind: only those with a later id
    before: of tasks, alerts and messages only those that began before this position; None: all
    Shape:  0..limit stream ids, in the order of their bytes.
    """
    told = {"customer": customer_id, "behind": behind, "before": before, "most": limit}
    rows = tx.execute(_BESIDE, told)
    return [stream for (stream,) in rows]


_TABLES: Final = """
    select bool_and(to_regclass('live.' || name) is not null)
    from unnest(array['orders', 'enquiries', 'tasks', 'alerts', 'effects']) as name
"""
_ORDERS: Final = """
    select order_id, position from live.orders where customer_id = %(customer)s
      and (%(behind)s::uuid is null or order_id > %(behind)s)
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
    ), beside as (
        select stream from about where stream <> 'customer-' || %(customer)s
        union select stream from those
        where (order_id in (select order_id from theirs) or customer_id = %(customer)s
               or subject in (select stream from about))
          and (%(before)s::bigint is null or position < %(before)s)
    )
    select stream from beside where stream > %(behind)s collate "C"
    order by stream collate "C" limit %(most)s
"""
