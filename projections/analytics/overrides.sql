-- Moves against the usual way: who made which one, when. Why stands in the log only, as it may
-- name people: `orderpath report overrides` shows it. Test orders are left out.
create view overrides as
select
    u.order_id, -- id of the order
    u.used_at, -- when the order was moved
    u.from_status, -- status that it left
    u.to_status, -- status that it entered
    u.actor_kind, -- user, api_key, trigger, clock, import, system
    u.actor_id, -- who moved it
    u.on_behalf_of, -- for whom, if somebody acts for another
    u.source, -- where the command came in
    u.command_id, -- of the command that moved it
    u.version, -- of the event within the order
    u.position, -- in the log
    u.recorded_at -- when the log took it
from live.overrides u
where not exists (select from live.orders o where o.order_id = u.order_id and o.test);
