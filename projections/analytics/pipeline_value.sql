-- What the open orders are worth: how many are in each stage, what they cost, and how much of it
-- may be expected. Of the orders that were ever in the stage and have ended, the share that ended
-- with success is taken for what becomes of those that are in it now. Test orders are left out.
create view pipeline_value as
select
    o.path, -- order path
    o.stage_no, -- place of the stage in the path, from 0
    o.stage, -- stage
    o.currency, -- ISO 4217
    o.orders, -- open orders that are in the stage
    o.total_minor, -- what these orders cost, minor units
    p.ended, -- orders that were ever in the stage and have ended, of any currency
    p.won, -- of these, orders that ended with success
    p.won::double precision / p.ended as conversion, -- won by ended, 0 to 1, null: none has ended
    round(o.total_minor * p.won::numeric / p.ended)::bigint as expected_minor -- total_minor by conversion, minor units
from (
    select v.path, min(p.stage_no) as stage_no, v.stage, t.currency, count(*) as orders,
           coalesce(sum(t.total_minor), 0)::bigint as total_minor
    from live.standings v
    left join live.order_totals t on t.order_id = v.order_id
    left join log.path_statuses p
      on p.path = v.path and p.path_version = v.path_version and p.status = v.status
    where v.final is null
      and not exists (select from live.orders o where o.order_id = v.order_id and o.test)
    group by v.path, v.stage, t.currency
) o
left join (
    select been.path, been.stage, count(*) as ended,
           count(*) filter (where s.final = 'success') as won
    from (
        select distinct path, stage, order_id from analytics.status_visits where final is null
    ) been
    join live.standings s on s.order_id = been.order_id and s.final is not null
    group by been.path, been.stage
) p on p.path = o.path and p.stage = o.stage;
