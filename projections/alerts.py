"""Read model `alerts`: who is to know what, since when, and who has seen it."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.alerts import events as e
from domain.messages import Recorded
from projections.interface import Tx, write


class Alerts:
    """One row per alert."""

    name: Final = "alerts"
    version: Final = 1
    tables: Final = ("alerts",)
    ddl: Final[LiteralString] = """
        create table alerts (
            alert_id        uuid primary key,
            kind            text not null,
            level           text not null,
            title           text not null,
            details         text[] not null,
            order_id        uuid,
            subject         text, -- a stream, where it is about no order
            to_user         text,
            to_group        text,
            to_role         text,
            since           timestamptz not null,
            raised_at       timestamptz not null,
            rule            text,
            rule_version    integer,
            acknowledged_at timestamptz,
            acknowledged_by text,
            position        bigint not null, -- of the alert's first event
            recorded_at     timestamptz not null
        );
        create index alerts_open on alerts (since) where acknowledged_at is null;
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write what was raised, then who has seen it."""
        raised = [_raised(one, one.event) for one in batch if isinstance(one.event, e.AlertRaised)]
        seen = [_seen(one) for one in batch if isinstance(one.event, e.AlertAcknowledged)]
        write(tx, _INSERT, raised)
        write(tx, _UPDATE, seen)


def _raised(recorded: Recorded, event: e.AlertRaised) -> dict[str, Any]:
    told = event.model_dump(exclude={"user", "group", "role"})
    return told | {
        "to_user": event.user,
        "to_group": event.group,
        "to_role": event.role,
        "raised_at": recorded.occurred_at,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


def _seen(recorded: Recorded) -> dict[str, Any]:
    return {
        "alert_id": recorded.entity_id,
        "acknowledged_at": recorded.occurred_at,
        "acknowledged_by": recorded.actor_id,
    }


_INSERT: Final = """
    insert into alerts (alert_id, kind, level, title, details, order_id, subject, to_user, to_group,
                        to_role, since, raised_at, rule, rule_version, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        alert_id uuid, kind text, level text, title text, details text[], order_id uuid,
        subject text, to_user text, to_group text, to_role text, since timestamptz,
        raised_at timestamptz, rule text, rule_version integer, position bigint,
        recorded_at timestamptz)
"""

_UPDATE: Final = """
    update alerts a set acknowledged_at = x.acknowledged_at, acknowledged_by = x.acknowledged_by
    from json_to_recordset(%s::json) as x(
        alert_id uuid, acknowledged_at timestamptz, acknowledged_by text)
    where a.alert_id = x.alert_id
"""
