"""Question: which messages leave the house, and what became of them?"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.cursor import behind, moment, page_of
from projections.reports.scope import Reader, checked_limit

STATES: Final = ("pending", "sent", "failed", "dead", "dropped")
CHANNELS: Final = ("mail", "sms", "webhook")
MOST_LISTED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Which messages are meant; None: whatever it is."""

    state: str | None = None
    channel: str | None = None
    endpoint: str | None = None
    template: str | None = None
    rule: str | None = None  # that asked for it
    order_id: UUID | None = None
    since: datetime | None = None  # asked for at or after
    until: datetime | None = None  # asked for before


class ListedEffect(TypedDict):
    """A message, without its text and its address."""

    effect_id: UUID
    channel: str
    endpoint: str | None
    template: str | None
    order_id: UUID | None
    to_kind: str | None
    to_who: str | None
    customer_id: str | None
    rule: str | None
    state: str
    attempts: int
    requested_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    reason_code: str | None


class OutletNow(TypedDict):
    """How many messages there are of a channel or an endpoint, by state."""

    outlet: str
    pending: int
    failed: int
    dead: int
    dropped: int
    sent: int
    paused_at: datetime | None


class EffectsNow(TypedDict):
    """All outlets, a page of the messages, and what the next one begins behind."""

    outlets: list[OutletNow]
    effects: list[ListedEffect]
    next: str | None  # null: there are no more


def list_effects(
    reader: Reader, sought: Sought, *, cursor: str | None = None, limit: int = MOST_LISTED
) -> EffectsNow:
    """Count all messages by outlet, and list those that are meant.

    Shape:  effects: 0..limit rows, what was asked for last comes first, ties by effect_id.
    Raises: ValueError if limit is not in 1..MOST_LISTED; Unusable for a cursor that is none of ours
    """
    requested_at, effect_id = behind(cursor, moment, UUID)
    wanted: dict[str, Any] = asdict(sought) | {
        "requested_at": requested_at,
        "effect_id": effect_id,
        "limit": checked_limit(limit, MOST_LISTED) + 1,
    }
    rows = reader.execute(_LISTED, wanted).fetchall()
    page, last = page_of(rows, limit, "requested_at", "effect_id")
    return {
        "outlets": cast(list[OutletNow], reader.execute(_OUTLETS).fetchall()),
        "effects": cast(list[ListedEffect], page),
        "next": last,
    }


def count_waiting(reader: Reader, rule: str) -> dict[str, int]:
    """Count by state (pending, failed) the messages that a rule asked for and that still go out."""
    rows = reader.execute(_WAITING, [rule]).fetchall()
    return {row["state"]: row["messages"] for row in rows}


_OUTLETS: Final = """
    select coalesce(n.endpoint, n.channel) as outlet,
        count(*) filter (where n.state = 'pending') as pending,
        count(*) filter (where n.state = 'failed') as failed,
        count(*) filter (where n.state = 'dead') as dead,
        count(*) filter (where n.state = 'dropped') as dropped,
        count(*) filter (where n.state = 'sent') as sent,
        max(n.outlet_paused_at) as paused_at
    from notifications n group by 1 order by 1
"""

_LISTED: Final = """
    select effect_id, channel, endpoint, template, order_id, to_kind, to_who, customer_id, rule,
        state, attempts, requested_at, sent_at, next_at, reason_code
    from notifications
    where (%(state)s::text is null or state = %(state)s)
        and (%(channel)s::text is null or channel = %(channel)s)
        and (%(endpoint)s::text is null or endpoint = %(endpoint)s)
        and (%(template)s::text is null or template = %(template)s)
        and (%(rule)s::text is null or rule = %(rule)s)
        and (%(order_id)s::uuid is null or order_id = %(order_id)s)
        and (%(since)s::timestamptz is null or requested_at >= %(since)s)
        and (%(until)s::timestamptz is null or requested_at < %(until)s)
        and (%(effect_id)s::uuid is null or requested_at < %(requested_at)s::timestamptz
             or (requested_at = %(requested_at)s::timestamptz and effect_id > %(effect_id)s::uuid))
    order by requested_at desc, effect_id limit %(limit)s
"""

_WAITING: Final = """
    select state, count(*) as messages from notifications
    where rule = %s and next_at is not null
    group by state order by state desc
"""
