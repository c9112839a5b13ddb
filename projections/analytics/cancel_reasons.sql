-- Why orders failed: each entry into a failure status, by reason and by who wanted it. Test
-- orders are left out.
create view cancel_reasons as
select
    f.path, -- order path
    f.status, -- failure status
    f.reason_code, -- reason that was given, null: none
    f.initiator, -- who wanted it: client, shop, carrier, system; null where the source does not say
    f.previous_status, -- status before
    sum(f.entries)::bigint as cancellations, -- entries into the failure
    count(*) as orders, -- different orders
    t.currency, -- ISO 4217
    coalesce(sum(t.total_minor), 0)::bigint as total_minor, -- what these orders cost, each counted once, minor units
    min(f.first_at) as first_at, -- the first of them
    max(f.last_at) as last_at -- the latest of them
from (
    select path, status, reason_code, initiator, previous_status, order_id, count(*) as entries,
           min(entered_at) as first_at, max(entered_at) as last_at
    from analytics.status_visits where final = 'failure'
    group by path, status, reason_code, initiator, previous_status, order_id
) f
left join live.order_totals t on t.order_id = f.order_id
group by f.path, f.status, f.reason_code, f.initiator, f.previous_status, t.currency;
