-- Where all orders are now: how many in each status, and what they are worth. Finished orders
-- count in their final status. Test orders are left out.
create view funnel_now as
select
    v.path, -- order path
    min(p.stage_no) as stage_no, -- place of the stage in the path, from 0
    v.stage, -- stage
    min(p.status_no) as status_no, -- place of the status in the path, from 0
    v.status, -- status
    v.final, -- success or failure if the status ends orders, else null
    t.currency, -- ISO 4217
    count(*) as orders, -- orders that are in the status
    count(*) filter (where v.due_at < now()) as overdue, -- of these, beyond the time limit
    coalesce(sum(t.total_minor), 0)::bigint as total_minor, -- what these orders cost, minor units
    min(v.entered_at) as oldest_at -- when the one that is in it for the longest entered
from live.standings v
left join live.order_totals t on t.order_id = v.order_id
left join log.path_statuses p
  on p.path = v.path and p.path_version = v.path_version and p.status = v.status
where not exists (select from live.orders o where o.order_id = v.order_id and o.test)
group by v.path, v.stage, v.status, v.final, t.currency;
