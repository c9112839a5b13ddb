-- One row per stay of an order in a status, in timeline order. Nearly every question about the
-- way of orders is a question to this view. Test orders are left out.
create view status_visits as
select
    v.order_id, -- id of the order
    v.visit_no, -- 1 for the order's first stay, without gaps
    v.status_visit_no, -- 1 for its first stay in this status: count these for orders that reached it
    v.path, -- order path that the order followed when it entered the status
    v.path_version, -- version of the path that it followed then
    v.status, -- status in which the order was
    v.stage, -- stage of the path that the status belongs to
    v.final, -- success or failure if the status ends the order, else null
    v.entered_at, -- when the order entered the status
    v.left_at, -- when it left the status, null: it is there now
    v.left_at is null as is_current, -- true for the order's latest stay
    v.seconds, -- length of the stay by the wall clock, seconds, null while it lasts
    v.previous_status, -- status before, null for the first stay
    v.previous_seconds, -- length of the stay before, seconds
    v.next_status, -- status after, null for the latest stay
    v.due_at, -- time limit as it was put off last, null: none
    v.first_due_at, -- time limit that was set on entering
    coalesce(coalesce(v.left_at, now()) > v.due_at, false) as overdue, -- the stay went, or goes, beyond its time limit
    v.actor_kind, -- who moved it here: user, api_key, trigger, clock, import, system
    v.actor_id, -- id of who moved it here; for imported facts the source's own name, where known
    v.role, -- role of the actor as the source names it
    v.holder_user, -- person who owned the order on entry
    v.holder_group, -- group that owned the order on entry
    v.taken_up_at, -- when it was taken in hand: first owner assigned, or first act of a user, within the stay
    extract(epoch from v.left_at - v.taken_up_at)::double precision as handling_seconds, -- from taken up to handed on, seconds
    v.nonconforming is null as conforming, -- the path allows this move
    v.nonconforming, -- why the path would not: transition_not_allowed or not_an_initial_status
    v.reason_code, -- reason that was given for the move
    v.initiator, -- who wanted the move: client, shop, carrier, system
    v.time_source, -- recorded, or derived where the source has no own time for it
    v.command_id as cause, -- id of the command that recorded the entry; depends on arrival
    v.version -- version of the event of the entry in the order's stream; depends on arrival
from live.visits v
where not exists (select from live.orders o where o.order_id = v.order_id and o.test);
