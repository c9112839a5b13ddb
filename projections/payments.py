"""Read model `payments`: the ledger of each order, entry by entry, and its sums in each
currency.

What an order's payment status is follows from the sums and the total, in the currency of the order:
view analytics.orders.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from projections.interface import Tx, as_json, write

BOOKED: Final = frozenset({*e.PAYMENT_EVENTS.values(), e.RefundGranted})


class Payments:
    """One row per movement of money or promise of it, and one per order and currency with its
    sums.
    """

    name: Final = "payments"
    version: Final = 3
    tables: Final = ("ledger_entries", "order_payments")
    ddl: Final[LiteralString] = """
        create table ledger_entries (
            order_id             uuid not null,
            payment_id           text, -- null: a promise, which is about no payment of its own
            kind                 text not null,
            amount_minor         bigint not null,
            currency             text not null,
            method               text,
            installments         integer,
            gateway_ref          text,
            reason_code          text,
            occurred_at          timestamptz not null,
            fact_id              uuid,
            actor_kind           text not null,
            actor_id             text not null,
            command_id           uuid not null,
            version              integer not null,
            position             bigint not null,
            recorded_at          timestamptz not null,
            annulled_recorded_at timestamptz, -- set: the fact was wrong, it does not count
            primary key (order_id, version)
        );
        create table order_payments (
            order_id           uuid not null,
            currency           text not null, -- amounts in different ones are never added up
            payments           integer not null,
            submitted_minor    bigint not null,
            authorised_minor   bigint not null,
            charged_minor      bigint not null,
            refunded_minor     bigint not null,
            charged_back_minor bigint not null,
            paid_minor         bigint not null,
            granted_minor      bigint not null,
            primary key (order_id, currency)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store the movements, then sum up the touched orders again."""
        entries: list[dict[str, Any]] = []
        annulled: list[dict[str, Any]] = []
        for recorded in batch:
            if type(recorded.event) in BOOKED:
                entries.append(_entry(recorded))
            elif isinstance(recorded.event, e.FactAnnulled):
                annulled.append(
                    {
                        "order_id": recorded.entity_id,
                        "version": recorded.event.annulled_version,
                        "annulled_recorded_at": recorded.recorded_at,
                    }
                )
        touched = {row["order_id"] for row in entries}
        write(tx, _INSERT_ENTRIES, entries)
        if annulled:
            touched |= {str(row[0]) for row in tx.execute(_ANNUL_ENTRIES, [as_json(annulled)])}
        if touched:
            tx.execute(_SUM_UP, [list(touched)])


def _entry(recorded: Recorded) -> dict[str, Any]:
    event: Any = recorded.event
    return {
        "order_id": recorded.entity_id,
        "payment_id": getattr(event, "payment_id", None),
        "kind": event.KIND,
        "amount_minor": event.amount_minor,
        "currency": event.currency,
        "method": getattr(event, "method", None),
        "installments": getattr(event, "installments", None),
        "gateway_ref": getattr(event, "gateway_ref", None),
        "reason_code": getattr(event, "reason_code", None),
        "occurred_at": recorded.occurred_at,
        "fact_id": recorded.fact_id,
        "actor_kind": recorded.actor_kind,
        "actor_id": getattr(event, "actor", None) or recorded.actor_id,
        "command_id": recorded.command_id,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
    }


_INSERT_ENTRIES: Final = """
    insert into ledger_entries (
        order_id, payment_id, kind, amount_minor, currency, method, installments, gateway_ref,
        reason_code, occurred_at, fact_id, actor_kind, actor_id, command_id, version, position,
        recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, payment_id text, kind text, amount_minor bigint, currency text,
        method text, installments integer, gateway_ref text, reason_code text,
        occurred_at timestamptz, fact_id uuid, actor_kind text, actor_id text, command_id uuid,
        version integer, position bigint, recorded_at timestamptz)
"""

_ANNUL_ENTRIES: Final = """
    update ledger_entries l set annulled_recorded_at = x.annulled_recorded_at
    from json_to_recordset(%s::json) as x(
        order_id uuid, version integer, annulled_recorded_at timestamptz)
    where l.order_id = x.order_id and l.version = x.version
    returning l.order_id
"""

# Sums of bigint are numeric: back to bigint, which holds what the domain lets in. An order whose
# entries in a currency were all annulled keeps a row of zeros.
_SUM_UP: Final = """
    insert into order_payments (
        order_id, currency, payments, submitted_minor, authorised_minor, charged_minor,
        refunded_minor, charged_back_minor, paid_minor, granted_minor)
    select order_id, currency, count(distinct payment_id) filter (where minor is not null),
           coalesce(sum(minor) filter (where kind = 'submitted'), 0),
           coalesce(sum(minor) filter (where kind = 'authorised'), 0),
           coalesce(sum(minor) filter (where kind = 'charged'), 0),
           coalesce(sum(minor) filter (where kind = 'refunded'), 0),
           coalesce(sum(minor) filter (where kind = 'charged_back'), 0),
           coalesce(sum(case kind when 'charged' then minor when 'refunded' then -minor
               when 'charged_back' then -minor end), 0),
           coalesce(sum(minor) filter (where kind = 'granted'), 0)
    from (select order_id, currency, payment_id, kind,
                 case when annulled_recorded_at is null then amount_minor end as minor
          from ledger_entries where order_id = any (%s::uuid[])) l
    group by order_id, currency
    on conflict (order_id, currency) do update set
        payments = excluded.payments, submitted_minor = excluded.submitted_minor,
        authorised_minor = excluded.authorised_minor, charged_minor = excluded.charged_minor,
        refunded_minor = excluded.refunded_minor,
        charged_back_minor = excluded.charged_back_minor, paid_minor = excluded.paid_minor,
        granted_minor = excluded.granted_minor
"""
