-- Who did what, day by day (UTC). Annulled facts and test orders are left out.
create view actor_activity as
select
    (a.occurred_at at time zone 'UTC')::date as day, -- day, UTC
    a.actor_kind, -- user, api_key, trigger, clock, import, system
    a.actor_id, -- id of the actor; for imported facts the source's own name, where known
    a.event, -- stored name of what happened, such as order.status_changed.v1
    count(*) as events, -- how often
    count(distinct a.order_id) as orders, -- on how many orders
    min(a.occurred_at) as first_at, -- first on that day
    max(a.occurred_at) as last_at -- last on that day
from live.activity a
where not exists (
    select from live.annulments n where n.order_id = a.order_id and n.version = a.version)
  and not exists (select from live.orders o where o.order_id = a.order_id and o.test)
group by 1, a.actor_kind, a.actor_id, a.event;
