-- Every entry of an order into a status as a fact, in no order, annulled ones too. Sorted by
-- occurred_at, is_decision, timeline_no, fact_id they give the order's timeline: see
-- status_visits, which is made of them. Test orders are left out.
create view status_entries as
select
    e.order_id, -- id of the order
    e.path, -- order path that the order followed then
    e.path_version, -- version of the path that it followed then
    e.status, -- status that was entered
    e.occurred_at, -- when it happened
    e.is_decision, -- decided here; false: a fact from elsewhere, which comes first at equal times
    e.timeline_no, -- place at equal times: a decision's version, a fact's rank in its source
    e.fact_id, -- identity of the fact, zero for decisions
    e.time_source, -- recorded, or derived where the source has no own time for it
    e.actor_kind, -- user, api_key, trigger, clock, import, system
    e.actor_id, -- id of the actor; for imported facts the source's own name, where known
    e.role, -- role of the actor as the source names it
    e.reason_code, -- reason that was given
    e.initiator, -- who wanted it: client, shop, carrier, system
    e.due_at, -- time limit that was set then, null: none; put off: see snoozes
    e.migrated, -- entered by migrating the order to another path or version: no path forbids that
    e.command_id as cause, -- id of the command that recorded it; depends on arrival
    e.causation_id, -- id of what led to that command, null: nothing; depends on arrival
    e.version, -- version of the event in the order's stream; depends on arrival
    e.position, -- position of the event in the log; depends on arrival
    e.recorded_at, -- when the log took it; depends on arrival
    e.annulled_recorded_at -- when the log took its annulment, null: it counts; depends on arrival
from live.status_entries e
where not exists (select from live.orders o where o.order_id = e.order_id and o.test);
