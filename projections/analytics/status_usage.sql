-- Who uses which status, month by month (UTC). A status that only one person knows, or that nobody
-- has used for a year, is one to merge or to close. Annulled facts and test orders are left out.
create view status_usage as
select
    e.path, -- order path
    e.status, -- status that orders entered
    (date_trunc('month', e.occurred_at at time zone 'UTC'))::date as period, -- first day of the month, UTC
    e.actor_kind, -- user, api_key, trigger, clock, import, system
    e.actor_id, -- id of the actor; for imported facts the source's own name, where known
    count(*) as entries, -- how often an order entered
    count(distinct e.order_id) as orders, -- how many different orders did
    min(e.occurred_at) as first_at, -- first entry in that month
    max(e.occurred_at) as last_at -- last entry in that month
from analytics.status_entries e
where e.annulled_recorded_at is null
group by e.path, e.status, period, e.actor_kind, e.actor_id;
