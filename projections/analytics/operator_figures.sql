-- What each person did on each day (UTC): calls, upselling, orders moved on. One row per day,
-- person and currency of the orders, so that money can be summed and nothing counts twice. An
-- upsold position counts on the day on which it was added, for what is charged of it now, unless
-- its order failed. Test orders are left out.
create view operator_figures as
with called as (
    select (c.started_at at time zone 'UTC')::date as day, c.operator, t.currency,
           count(*) as calls, count(*) filter (where c.direction = 'outgoing') as dialled,
           count(*) filter (where c.direction = 'outgoing' and c.result = 'reached') as reached,
           sum(c.talk_seconds) as talk_seconds
    from analytics.calls c
    left join live.order_totals t on t.order_id = c.order_id
    where c.operator is not null
    group by 1, 2, 3
), upsold as (
    select (u.added_at at time zone 'UTC')::date as day, u.operator, t.currency,
           count(*) as upsells,
           sum(case when s.final = 'failure' then 0 else i.net_minor end) as upsell_minor
    from (
        select distinct on (x.order_id, x.item_id) x.* from live.upsells x
        where not exists (
            select from live.annulments n where n.order_id = x.order_id and n.version = x.version)
        order by x.order_id, x.item_id, x.added_at, x.fact_id
    ) u
    join analytics.items i on i.order_id = u.order_id and i.item_id = u.item_id and i.upsell
    left join live.order_totals t on t.order_id = u.order_id
    left join live.standings s on s.order_id = u.order_id
    where u.operator is not null and i.currency is not distinct from t.currency
    group by 1, 2, 3
), moved as (
    select h.day, h.operator, t.currency, count(*) as orders_handled,
           sum(h.handled) as handled, sum(h.handling_seconds) as handling_seconds
    from (
        select (handed_on_at at time zone 'UTC')::date as day, operator, order_id,
               count(handling_seconds) as handled, sum(handling_seconds) as handling_seconds
        from analytics.handled_stays group by 1, 2, 3
    ) h
    left join live.order_totals t on t.order_id = h.order_id
    group by 1, 2, 3
)
select
    f.day, -- day, UTC
    f.operator, -- id of the person
    f.currency, -- ISO 4217: of the orders
    coalesce(sum(f.calls), 0)::bigint as calls, -- calls, both ways
    coalesce(sum(f.dialled), 0)::bigint as dialled, -- of them, calls that we made
    coalesce(sum(f.reached), 0)::bigint as reached, -- of these, calls in which the customer was reached
    sum(f.reached)::double precision / nullif(sum(f.dialled), 0) as dial_success, -- reached by dialled, 0 to 1, null: none was made
    coalesce(sum(f.talk_seconds), 0)::bigint as talk_seconds, -- time talked in all calls, seconds
    coalesce(sum(f.upsells), 0)::bigint as upsells, -- positions that were added unasked
    coalesce(sum(f.upsell_minor), 0)::bigint as upsell_minor, -- what of them is charged now, minor units
    coalesce(sum(f.orders_handled), 0)::bigint as orders_handled, -- orders that were moved on, each counted once
    coalesce(sum(f.handled), 0)::bigint as handled, -- stays that were taken up and moved on
    coalesce(sum(f.handling_seconds), 0)::double precision as handling_seconds -- from taken up to handed on, in all of them, seconds
from (
    select day, operator, currency, calls, dialled, reached, talk_seconds,
           null::bigint as upsells, null::numeric as upsell_minor, null::bigint as orders_handled,
           null::numeric as handled, null::double precision as handling_seconds
    from called
    union all
    select day, operator, currency, null, null, null, null, upsells, upsell_minor, null, null, null
    from upsold
    union all
    select day, operator, currency, null, null, null, null, null, null, orders_handled, handled,
           handling_seconds
    from moved
) f
group by f.day, f.operator, f.currency;
