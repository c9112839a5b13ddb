"""Read model `orders`: one row per order, what it is and who owns it. Status and money live in
status_visits, items and payments; the view analytics.orders brings them together.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.orders import events as e
from projections.interface import Tx, timeline_columns, write

Rows = dict[str, dict[str, Any]]  # by order id

DETAILS: Final = frozenset({"promised_at", "delivery_method", "track_number"})  # not personal


class Orders:
    """Any event of an order makes its row, so that it is there whatever came first."""

    name: Final = "orders"
    version: Final = 4
    tables: Final = ("orders", "placements")
    ddl: Final[LiteralString] = """
        create table orders (
            order_id        uuid primary key,
            external_id     text generated always as (
                coalesce(placed_external_id, told_external_id)) stored,
            placed_external_id text, -- by the placement that counts
            told_external_id   text, -- by other facts: the least of what they say
            path            text,
            path_version    integer,
            order_type      text,
            channel         text,
            shop            text,
            customer_id     text generated always as (
                coalesce(placed_customer_id, told_customer_id)) stored,
            placed_customer_id text,
            told_customer_id   text,
            currency        text,
            test            boolean not null default false,
            owner_user      text,
            owner_group     text,
            placed_at       timestamptz,
            promised_at     timestamptz,
            delivery_method text,
            track_number    text,
            details_changed text[] not null default '{}', -- these no longer follow the placement
            placed_late     boolean, -- of the placement that counts: a fact, and its place
            placed_no       integer,
            placed_fact_id  uuid,
            position        bigint not null, -- of the order's first event
            recorded_at     timestamptz not null
        );
        create index orders_external_id on orders (external_id);
        create index orders_latest on orders (coalesce(placed_at, '-infinity') desc, order_id desc);
        create index orders_test on orders (order_id) where test;
        -- Placements that facts tell of: with the one that counts annulled, the next one does.
        create table placements (
            order_id        uuid not null,
            external_id     text,
            path            text not null,
            path_version    integer not null,
            order_type      text not null,
            channel         text not null,
            shop            text not null,
            customer_id     text,
            currency        text not null,
            placed_at       timestamptz not null,
            promised_at     timestamptz,
            delivery_method text,
            placed_no       integer not null,
            placed_fact_id  uuid not null,
            version         integer not null,
            primary key (order_id, version)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Write placements, rows of orders that have none, changes, corrections, in this order."""
        placed, known, changed = Rows(), Rows(), Rows()
        first: dict[str, Recorded] = {}
        for recorded in batch:
            if recorded.stream_id.startswith("order-"):
                first.setdefault(recorded.entity_id, recorded)
                _sort_in(recorded, placed, known, changed)
        for row in (*placed.values(), *known.values()):
            event = first[row["order_id"]]  # It makes the row, whatever the row tells of.
            row |= {"position": event.position, "recorded_at": event.recorded_at}
        write(tx, _TOLD, _told_placements(batch))
        write(tx, _PLACED, placed.values())
        write(tx, _KNOWN, known.values())
        write(tx, _CHANGED, changed.values())
        write(tx, _ANNULLED, _annulled_placements(batch))


def _sort_in(recorded: Recorded, placed: Rows, known: Rows, changed: Rows) -> None:
    order_id = recorded.entity_id
    match recorded.event:
        case e.OrderPlaced() as event:
            row = _placement(event, recorded)
            if order_id not in placed or _key(row) < _key(placed[order_id]):
                placed[order_id] = row
        case e.StatusRecorded() as fact:
            row = known.setdefault(order_id, {"order_id": order_id})
            row |= {"path": fact.path, "path_version": fact.path_version}
            _tell(row, fact)
        case (e.PaymentSubmitted() | e.PaymentEvent()) as fact if (
            fact.external_id or fact.customer_id
        ):
            _tell(known.setdefault(order_id, {"order_id": order_id}), fact)
        case e.PathMigrated(path=path, path_version=version):
            row = changed.setdefault(order_id, {"order_id": order_id})
            row |= {"path": path, "path_version": version}
        case e.FieldsChanged() as event:
            row = changed.setdefault(order_id, {"order_id": order_id, "changed": []})
            names = [name for name in event.changed if name in DETAILS]
            row["changed"] = sorted({*row.get("changed", ()), *names})
            row |= {name: getattr(event, name) for name in names}
        case e.OwnerAssigned(user=user, group=group):
            row = changed.setdefault(order_id, {"order_id": order_id})
            row |= {"assigned": True, "owner_user": user, "owner_group": group}
        case e.TestFlagChanged(test=test):
            changed.setdefault(order_id, {"order_id": order_id})["test"] = test
        case _ if recorded.version == 1:
            known.setdefault(order_id, {"order_id": order_id})
        case _:
            pass


def _tell(row: dict[str, Any], fact: e.Told) -> None:
    for name in ("external_id", "customer_id"):
        row[name] = _least(row.get(name), getattr(fact, name))


def _placement(event: e.OrderPlaced, recorded: Recorded) -> dict[str, Any]:
    place = timeline_columns(recorded, event.rank)
    delivery = event.delivery or e.Delivery()
    return {
        "order_id": recorded.entity_id,
        "external_id": event.external_id,
        "path": event.path,
        "path_version": event.path_version,
        "order_type": event.order_type,
        "channel": event.channel,
        "shop": event.shop,
        "customer_id": event.whose,
        "currency": event.currency,
        "test": event.test,
        "placed_at": recorded.occurred_at,
        "promised_at": delivery.promised_at,
        "delivery_method": delivery.method,
        "placed_late": not place["is_decision"],
        "placed_no": place["timeline_no"],
        "placed_fact_id": place["fact_id"],
    }


def _told_placements(batch: Sequence[Recorded]) -> list[dict[str, Any]]:
    return [
        _placement(recorded.event, recorded) | {"version": recorded.version}
        for recorded in batch
        if isinstance(recorded.event, e.OrderPlaced) and recorded.fact_id is not None
    ]


def _annulled_placements(batch: Sequence[Recorded]) -> list[dict[str, Any]]:
    return [
        {"order_id": recorded.entity_id, "version": recorded.event.annulled_version}
        for recorded in batch
        if isinstance(recorded.event, e.FactAnnulled)
        and recorded.event.annulled_type == e.OrderPlaced.NAME
    ]


def _least(one: str | None, other: str | None) -> str | None:
    """What does not depend on who came first; nothing gives way to something. By code point, as
    `collate "C"` compares.
    """
    return min(filter(None, (one, other)), default=None)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    """Of several placements the least counts: a decided one, else the earliest fact."""
    return (row["placed_late"], row["placed_at"], row["placed_no"], row["placed_fact_id"])


_TOLD: Final = """
    insert into placements
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, external_id text, path text, path_version integer, order_type text,
        channel text, shop text, customer_id text, currency text, placed_at timestamptz,
        promised_at timestamptz, delivery_method text, placed_no integer, placed_fact_id uuid,
        version integer)
"""

_PLACED: Final = """
    insert into orders as o (
        order_id, placed_external_id, path, path_version, order_type, channel, shop,
        placed_customer_id, currency, test, placed_at, promised_at, delivery_method, placed_late,
        placed_no, placed_fact_id, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, external_id text, path text, path_version integer, order_type text,
        channel text, shop text, customer_id text, currency text, test boolean,
        placed_at timestamptz, promised_at timestamptz, delivery_method text,
        placed_late boolean, placed_no integer, placed_fact_id uuid, position bigint,
        recorded_at timestamptz)
    on conflict (order_id) do update set
        placed_external_id = excluded.placed_external_id, path = coalesce(o.path, excluded.path),
        path_version = coalesce(o.path_version, excluded.path_version),
        order_type = excluded.order_type, channel = excluded.channel, shop = excluded.shop,
        placed_customer_id = excluded.placed_customer_id, currency = excluded.currency,
        test = o.test or excluded.test, placed_at = excluded.placed_at,
        promised_at = case when 'promised_at' = any (o.details_changed)
            then o.promised_at else excluded.promised_at end,
        delivery_method = case when 'delivery_method' = any (o.details_changed)
            then o.delivery_method else excluded.delivery_method end,
        placed_late = excluded.placed_late, placed_no = excluded.placed_no,
        placed_fact_id = excluded.placed_fact_id
    where o.placed_at is null
       or (excluded.placed_late, excluded.placed_at, excluded.placed_no, excluded.placed_fact_id)
        < (o.placed_late, o.placed_at, o.placed_no, o.placed_fact_id)
"""

_KNOWN: Final = """
    insert into orders as o (
        order_id, path, path_version, told_external_id, told_customer_id, position, recorded_at)
    select * from json_to_recordset(%s::json) as x(
        order_id uuid, path text, path_version integer, external_id text, customer_id text,
        position bigint, recorded_at timestamptz)
    on conflict (order_id) do update set
        path = coalesce(o.path, excluded.path),
        path_version = coalesce(o.path_version, excluded.path_version),
        told_external_id = least(o.told_external_id collate "C", excluded.told_external_id),
        told_customer_id = least(o.told_customer_id collate "C", excluded.told_customer_id)
    where (o.path is null and excluded.path is not null)
       or (o.told_external_id, o.told_customer_id) is distinct from
          (least(o.told_external_id collate "C", excluded.told_external_id),
           least(o.told_customer_id collate "C", excluded.told_customer_id))
"""

_CHANGED: Final = """
    update orders o set
        path = coalesce(x.path, o.path), path_version = coalesce(x.path_version, o.path_version),
        test = coalesce(x.test, o.test),
        owner_user = case when x.assigned then x.owner_user else o.owner_user end,
        owner_group = case when x.assigned then x.owner_group else o.owner_group end,
        promised_at = case when 'promised_at' = any (x.changed)
            then x.promised_at else o.promised_at end,
        delivery_method = case when 'delivery_method' = any (x.changed)
            then x.delivery_method else o.delivery_method end,
        track_number = case when 'track_number' = any (x.changed)
            then x.track_number else o.track_number end,
        details_changed = array(
            select distinct name from unnest(o.details_changed || x.changed) as name order by name)
    from json_to_recordset(%s::json) as x(
        order_id uuid, path text, path_version integer, test boolean, assigned boolean,
        owner_user text, owner_group text, promised_at timestamptz, delivery_method text,
        track_number text, changed text[])
    where o.order_id = x.order_id
"""

# The order stays to be found by the number that it had. Where it was placed by a decision, that
# one counts. What a statement deletes, the rest of it still sees.
_ANNULLED: Final = """
    with gone as (
        delete from placements p
        using json_to_recordset(%s::json) as x(order_id uuid, version integer)
        where p.order_id = x.order_id and p.version = x.version
        returning p.order_id, p.version, p.external_id
    ), wrong as (
        select order_id, array_agg(version) as versions, min(external_id collate "C") as external_id
        from gone group by order_id
    )
    update orders o set
        told_external_id = least(o.told_external_id collate "C", wrong.external_id),
        placed_external_id = next.external_id, order_type = next.order_type,
        channel = next.channel, shop = next.shop, placed_customer_id = next.customer_id,
        currency = next.currency, placed_at = next.placed_at,
        promised_at = case when 'promised_at' = any (o.details_changed)
            then o.promised_at else next.promised_at end,
        delivery_method = case when 'delivery_method' = any (o.details_changed)
            then o.delivery_method else next.delivery_method end,
        placed_late = case when next.order_id is not null then true end,
        placed_no = next.placed_no, placed_fact_id = next.placed_fact_id
    from wrong
    left join lateral (
        select p.* from placements p
        where p.order_id = wrong.order_id and p.version <> all (wrong.versions)
        order by p.placed_at, p.placed_no, p.placed_fact_id limit 1
    ) next on true
    where o.order_id = wrong.order_id and o.placed_late
"""
