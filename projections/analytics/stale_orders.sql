-- All orders that are not finished, however old, with the time since their latest status event:
-- order by silent_seconds desc. Silent for a week means silent_seconds > 604800. Test orders are
-- left out.
create view stale_orders as
select
    v.order_id, -- id of the order
    o.external_id, -- its number in the source
    v.path, -- order path
    v.stage, -- stage of the status
    v.status, -- status in which it is
    v.entered_at as last_at, -- latest status event
    extract(epoch from now() - v.entered_at)::double precision as silent_seconds, -- time since then, seconds
    v.due_at, -- time limit of the status, as it was put off last, null: none
    coalesce(v.due_at < now(), false) as overdue, -- the time limit has passed
    o.owner_user, -- person who is responsible now
    o.owner_group, -- group that is responsible now
    coalesce(t.total_minor, 0) as total_minor, -- what the order costs, minor units
    t.currency -- ISO 4217
from live.standings v
left join live.orders o on o.order_id = v.order_id
left join live.order_totals t on t.order_id = v.order_id
where v.final is null
  and not exists (
      select from live.orders tested where tested.order_id = v.order_id and tested.test);
