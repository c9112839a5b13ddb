-- Why orders failed: each entry into a failure status, by reason and by who wanted it. Test
-- orders are left out.
create view cancel_reasons as
select
    v.path, -- order path
    v.status, -- failure status
    v.reason_code, -- reason that was given, null: none
    v.initiator, -- who wanted it: client, shop, carrier, system; null where the source does not say
    v.previous_status, -- status before
    count(*) as cancellations, -- entries into the failure
    count(distinct v.order_id) as orders, -- orders
    t.currency, -- ISO 4217
    coalesce(sum(t.total_minor), 0)::bigint as total_minor, -- what these orders cost, minor units
    min(v.entered_at) as first_at, -- the first of them
    max(v.entered_at) as last_at -- the latest of them
from analytics.status_visits v
left join live.order_totals t on t.order_id = v.order_id
where v.final = 'failure'
group by v.path, v.status, v.reason_code, v.initiator, v.previous_status,
         t.currency;
