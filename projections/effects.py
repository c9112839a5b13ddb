"""Read model `effects`: messages that leave the house. Senders take from it what is due, people see
who was told what and when. Addresses and texts stay in the log.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

from domain.effects import endpoints as p
from domain.effects import events as e
from domain.messages import Recorded
from projections.interface import Tx, write


class Effects:
    """One row per message, one per attempt, and one per endpoint that ever was paused."""

    name: Final = "effects"
    version: Final = 3
    tables: Final = ("effects", "effect_attempts", "endpoints")
    ddl: Final[LiteralString] = """
        create table effects (
            effect_id        uuid primary key,
            channel          text not null, -- mail, sms, webhook
            endpoint         text, -- of a webhook
            template         text,
            template_version integer,
            order_id         uuid,
            sku              text,
            location         text,
            to_kind          text, -- customer, owner, user, group, address
            to_who          text, -- of the user or the group
            customer_id      text,
            language         text,
            rule             text,
            rule_version     integer,
            mailing          boolean not null, -- about no order and of no rule: others go before
            state            text not null default 'pending', -- sent, failed, dead, dropped
            attempts         integer not null default 0,
            requested_at     timestamptz not null,
            next_at          timestamptz, -- when a sender takes it, null: none does
            sent_at          timestamptz, -- the last time
            ended_at         timestamptz, -- when it was sent, was dead or was dropped
            reason_code      text, -- why it failed or was dropped, null: it did not
            position         bigint not null, -- of the request
            recorded_at      timestamptz not null
        );
        create index effects_waiting
            on effects (channel, coalesce(endpoint, channel), mailing, next_at, effect_id)
            where next_at is not null;
        create index effects_of_orders on effects (order_id) where order_id is not null;
        create table effect_attempts (
            effect_id   uuid not null,
            attempt     integer not null,
            channel     text not null,
            endpoint    text,
            at          timestamptz not null,
            sent        boolean not null,
            reason_code text,
            error       text,
            provider_id text,
            primary key (effect_id, attempt)
        );
        create index effect_attempts_of_outlets
            on effect_attempts (coalesce(endpoint, channel), at);
        create table endpoints (
            endpoint   text primary key,
            paused_at  timestamptz, -- null: it is not paused
            failures   integer, -- in a row, that paused it
            resumed_at timestamptz
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write what was asked for, what became of it, and which endpoints are paused."""
        requested = [
            _requested(one, one.event) for one in batch if isinstance(one.event, e.EffectRequested)
        ]
        attempted = [row for one in batch if (row := _attempted(one))]
        write(tx, _INSERT, requested)
        write(tx, _UPDATE, _merged(batch, "effect_id", _after))
        write(tx, _ATTEMPTS, attempted)
        write(tx, _ENDPOINTS, _merged(batch, "endpoint", _endpoint))


def _requested(recorded: Recorded, event: e.EffectRequested) -> dict[str, Any]:
    to = event.to
    return {
        "effect_id": recorded.entity_id,
        **event.model_dump(mode="json", include=_TOLD),
        "to_kind": to and to.kind,
        "to_who": to and to.who,
        "customer_id": to and to.customer_id,
        "requested_at": recorded.occurred_at,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


_TOLD: Final = {
    "channel", "endpoint", "template", "template_version", "order_id", "sku", "location",
    "language", "rule", "rule_version",
}  # fmt: skip


def _merged(batch: Sequence[Recorded], key: str, told: Any) -> list[Mapping[str, Any]]:
    """Give one row for each entity: what the later events say goes over what the earlier said."""
    rows: dict[str, dict[str, Any]] = {}
    for one in batch:
        if said := told(one):
            rows[one.entity_id] = {**rows.get(one.entity_id, {}), **said, key: one.entity_id}
    return list(rows.values())


def _after(recorded: Recorded) -> dict[str, Any] | None:
    at = recorded.occurred_at
    over = {"next_at": None, "ended_at": at, "reason_code": None}
    match recorded.event:
        case e.EffectSent(attempt=attempt):
            return {**over, "state": "sent", "attempts": attempt, "sent_at": at}
        case e.EffectFailed(attempt=attempt, next_at=None, reason_code=why):
            return {**over, "state": "dead", "attempts": attempt, "reason_code": why}
        case e.EffectFailed(attempt=attempt, next_at=next_at, reason_code=why):
            waits = {"next_at": next_at, "ended_at": None, "reason_code": why}
            return {**waits, "state": "failed", "attempts": attempt}
        case e.EffectResent():
            return {"state": "pending", "next_at": at, "ended_at": None, "reason_code": None}
        case e.EffectDropped(reason_code=why):
            return {**over, "state": "dropped", "reason_code": why}
        case _:
            return None


def _attempted(recorded: Recorded) -> dict[str, Any] | None:
    row = {"effect_id": recorded.entity_id, "at": recorded.occurred_at}
    match recorded.event:
        case e.EffectSent() as event:
            return {**row, "sent": True, **event.model_dump()}
        case e.EffectFailed() as event:
            return {**row, "sent": False, **event.model_dump(exclude={"next_at"})}
        case _:
            return None


def _endpoint(recorded: Recorded) -> dict[str, Any] | None:
    match recorded.event:
        case p.EndpointPaused(failures=failures):
            return {"paused_at": recorded.occurred_at, "failures": failures}
        case p.EndpointResumed():
            resumed = {"paused_at": None, "failures": None}
            return {**resumed, "resumed_at": recorded.occurred_at}
        case _:
            return None


_INSERT: Final = """
    insert into effects (effect_id, channel, endpoint, template, template_version, order_id, sku,
        location, to_kind, to_who, customer_id, language, rule, rule_version, mailing,
        requested_at, next_at, position, recorded_at)
    select x.effect_id, x.channel, x.endpoint, x.template, x.template_version, x.order_id, x.sku,
        x.location, x.to_kind, x.to_who, x.customer_id, x.language, x.rule, x.rule_version,
        x.order_id is null and x.rule is null, x.requested_at, x.requested_at, x.position,
        x.recorded_at
    from json_to_recordset(%s::json) as x(
        effect_id uuid, channel text, endpoint text, template text, template_version integer,
        order_id uuid, sku text, location text, to_kind text, to_who text, customer_id text,
        language text, rule text, rule_version integer, requested_at timestamptz,
        position bigint, recorded_at timestamptz)
"""

_UPDATE: Final = """
    update effects e set
        state = x.state, attempts = coalesce(x.attempts, e.attempts), next_at = x.next_at,
        sent_at = coalesce(x.sent_at, e.sent_at), ended_at = x.ended_at, reason_code = x.reason_code
    from json_to_recordset(%s::json) as x(
        effect_id uuid, state text, attempts integer, next_at timestamptz, sent_at timestamptz,
        ended_at timestamptz, reason_code text)
    where e.effect_id = x.effect_id
"""

_ATTEMPTS: Final = """
    insert into effect_attempts (effect_id, attempt, channel, endpoint, at, sent, reason_code,
        error, provider_id)
    select x.effect_id, x.attempt, e.channel, e.endpoint, x.at, x.sent, x.reason_code, x.error,
        x.provider_id
    from json_to_recordset(%s::json) as x(
        effect_id uuid, attempt integer, at timestamptz, sent boolean, reason_code text,
        error text, provider_id text)
    join effects e using (effect_id)
"""

_ENDPOINTS: Final = """
    insert into endpoints as e (endpoint, paused_at, failures, resumed_at)
    select x.endpoint, x.paused_at, x.failures, x.resumed_at
    from json_to_recordset(%s::json) as x(
        endpoint text, paused_at timestamptz, failures integer, resumed_at timestamptz)
    on conflict (endpoint) do update set
        paused_at = excluded.paused_at, failures = excluded.failures,
        resumed_at = coalesce(excluded.resumed_at, e.resumed_at)
"""
