-- What each person did on each day (UTC): calls, upselling, orders moved on. One row per day,
-- person and currency of the orders, so that money can be summed and nothing counts twice. An
-- upsold position counts on the day on which it was added, for what is charged of it now, unless
-- its order failed. Test orders are left out.
create view operator_figures as
select
    f.day, -- day, UTC
    f.operator, -- id of the person
    t.currency, -- ISO 4217: of the orders
    count(*) filter (where f.kind = 'call') as calls, -- calls, both ways
    count(*) filter (where f.outgoing) as dialled, -- of them, calls that we made
    count(*) filter (where f.outgoing and f.reached) as reached, -- of these, calls in which the customer was reached
    count(*) filter (where f.outgoing and f.reached)::double precision
        / nullif(count(*) filter (where f.outgoing), 0) as dial_success, -- reached by dialled, 0 to 1, null: none was made
    coalesce(sum(f.talk_seconds), 0)::bigint as talk_seconds, -- time talked in all calls, seconds
    count(*) filter (where f.kind = 'upsell') as upsells, -- positions that were added unasked
    coalesce(sum(f.upsell_minor), 0)::bigint as upsell_minor, -- what of them is charged now, minor units
    count(distinct f.order_id) filter (where f.kind = 'stay') as orders_handled, -- orders that were moved on, each counted once
    count(f.handling_seconds) as handled, -- stays that were taken up and moved on
    coalesce(sum(f.handling_seconds), 0)::double precision as handling_seconds -- from taken up to handed on, in all of them, seconds
from (
    select 'call' as kind, (c.started_at at time zone 'UTC')::date as day, c.operator, c.order_id,
           c.direction = 'outgoing' as outgoing, c.result = 'reached' as reached, c.talk_seconds,
           null::bigint as upsell_minor, null::double precision as handling_seconds
    from analytics.calls c where c.operator is not null
    union all
    select 'upsell', (u.added_at at time zone 'UTC')::date, u.operator, u.order_id,
           false, false, null, case when s.final = 'failure' then 0 else i.net_minor end, null
    from (
        select distinct on (x.order_id, x.item_id) x.* from live.upsells x
        where not exists (
            select from live.annulments n where n.order_id = x.order_id and n.version = x.version)
        order by x.order_id, x.item_id, x.added_at, x.fact_id
    ) u
    join analytics.items i on i.order_id = u.order_id and i.item_id = u.item_id and i.upsell
    left join live.order_totals o on o.order_id = u.order_id
    left join live.standings s on s.order_id = u.order_id
    where u.operator is not null and i.currency is not distinct from o.currency
    union all
    select 'stay', (h.handed_on_at at time zone 'UTC')::date, h.operator, h.order_id,
           false, false, null, null, h.handling_seconds
    from analytics.handled_stays h
) f
left join live.order_totals t on t.order_id = f.order_id
group by f.day, f.operator, t.currency;
