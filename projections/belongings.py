"""What belongs to a customer, as far as the tables and the log know: orders, and what is about them
and has personal data of its own. Asked before somebody is erased, by services.erasing.
"""

from typing import Final, LiteralString
from uuid import UUID

from projections.interface import Tx


def are_there(tx: Tx) -> bool:
    """Say whether the tables that are asked were made yet."""
    row = tx.execute(_TABLES).fetchone()
    return row is not None and bool(row[0])


def list_orders_of_customer(
    tx: Tx, customer_id: str, behind: UUID | None, limit: int
) -> list[tuple[UUID, int]]:
    """List the orders that are a customer's, or were and hold data of that time, test orders too,
    each with the position of its first event.

    behind: only those with a later id; None: from the first
    Shape:  0..limit rows, by order_id.
    """
    told = {"customer": customer_id, "behind": behind, "most": limit}
    return list(tx.execute(_ORDERS, told))


def list_beside(
    tx: Tx, customer_id: str, behind: str, limit: int, before: int | None = None
) -> list[str]:
    """List the streams that hold data about a customer under keys of their own: tasks, alerts and
    messages, and what orders and enquiries held before it was known whose they are. About an order
    that is another one's by now only those of which something was written while it was not.

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
# Orders whose log holds data of the customer, whose they are by now.
_HELD: Final[LiteralString] = """
    select stream_id from log.events where subject_id = %(customer)s
      and subject_id <> stream_id and starts_with(stream_id, 'order-')
"""
_ORDERS: Final[LiteralString] = f"""
    select order_id, position from live.orders
    where (customer_id = %(customer)s or 'order-' || order_id in ({_HELD}))
      and (%(behind)s::uuid is null or order_id > %(behind)s)
    order by order_id limit %(most)s
"""  # noqa: S608 - constants
# Of an order that is another one's by now that goes which was written before it was named, if the
# customer was the first who was, and what was written while it was the customer's. Event by event:
# `exists` might be planned as a join with the whole log.
_BESIDE: Final[LiteralString] = f"""
    with theirs as materialized (
        select order_id from live.orders where customer_id = %(customer)s
    ), earlier as materialized (
        ({_HELD}) except select 'order-' || order_id from theirs
    ), about as materialized (
        select 'order-' || order_id as stream from theirs
        union all select e.stream_id from earlier e where %(customer)s = (
            select o.subject_id from log.events o
            where o.stream_id = e.stream_id and o.subject_id <> o.stream_id
            order by o.version limit 1)
        union all select 'enquiry-' || enquiry_id from live.enquiries
        where customer_id = %(customer)s or order_id in (select order_id from theirs)
           or customer_id is null and 'order-' || order_id in (select stream_id from earlier)
        union all select 'customer-' || %(customer)s
    ), those as not materialized (
        select 'task-' || task_id as stream, order_id, subject, null as customer_id, position
        from live.tasks
        union all select 'alert-' || alert_id, order_id, subject, null, position from live.alerts
        union all select 'effect-' || effect_id, order_id, null, customer_id, position
        from live.effects
    ), beside as (
        select stream from about where stream <> 'customer-' || %(customer)s
        union select stream from those
        where (order_id in (select order_id from theirs) or customer_id = %(customer)s
               or subject in (select stream from about
                              where stream not in (select stream_id from earlier)))
          and (%(before)s::bigint is null or position < %(before)s)
        union select t.stream from those t
        join earlier e on e.stream_id = coalesce('order-' || t.order_id, t.subject)
        where t.customer_id is null
          and (%(before)s::bigint is null or t.position < %(before)s)
          and (select bool_or(coalesce(
                  (select o.subject_id in (%(customer)s, o.stream_id) from log.events o
                   where o.stream_id = e.stream_id and o.position < w.position
                   order by o.version desc limit 1), true))
               from log.events w where w.stream_id = t.stream)
    )
    select stream from beside where stream > %(behind)s collate "C"
    order by stream collate "C" limit %(most)s
"""  # noqa: S608 - constants
