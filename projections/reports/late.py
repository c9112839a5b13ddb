"""Question: which order shows best what happens to one that is late, and who was told of it?"""

from datetime import datetime
from typing import Final, LiteralString, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader

MOST_TOLD: Final = 50


class Told(TypedDict):
    """Somebody was told something."""

    at: datetime  # of an alert: since when it is so; of a message: when it was sent, or asked for
    what: str  # alert, mail, sms, webhook
    level: str | None  # of an alert: warn, due, escalate_<percent>
    title: str  # of an alert; of a message, its template
    to: str
    state: str
    id: UUID  # of the alert or the message


class Late(TypedDict):
    """One of the late orders."""

    orders: int  # all that were in some status for longer than they may
    order_id: UUID
    external_id: str | None
    told: list[Told]


def tell_late(reader: Reader) -> Late | None:
    """Tell of the order about which most was said: a message at best, and the most levels of its
    limits; of several, of the one that began.

    Shape: None if no order was late; told: 1..MOST_TOLD rows, the earliest first
    """
    found = reader.execute(_WHICH).fetchone()
    if found is None:
        return None
    asked = {"order_id": found["order_id"], "limit": MOST_TOLD}
    told = reader.execute(_TOLD, asked).fetchall()
    return cast(Late, {**found, "told": told})


_WHICH: Final[LiteralString] = """
    select count(*) over () as orders, a.order_id, o.external_id
    from alerts a join orders o using (order_id)
    where a.kind = 'deadline' and not a.test
    group by a.order_id, o.external_id
    having bool_or(a.level <> 'warn')
    order by exists (select from notifications n where n.order_id = a.order_id) desc,
             count(distinct a.level) desc, min(a.since), a.order_id
    limit 1
"""
_TOLD: Final[LiteralString] = """
    select since as at, 'alert' as what, level, title,
           concat_ws(' ', case when to_user is null then 'group' else 'user' end,
                     coalesce(to_user, to_group)) as to,
           case when acknowledged_at is null then 'open' else 'seen' end as state, alert_id as id
    from alerts where order_id = %(order_id)s
    union all
    select coalesce(sent_at, requested_at), channel, null, coalesce(template, endpoint),
           coalesce(to_kind || ' ' || to_who, to_kind, endpoint), state, effect_id
    from notifications where order_id = %(order_id)s
    order by at, what, level, id limit %(limit)s
"""
