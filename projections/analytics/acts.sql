-- By what orders are taken in hand: owners assigned, and whatever users did beside moving them.
-- Sorted as status_entries. Test orders are left out.
create view acts as
select
    a.order_id, -- id of the order
    a.occurred_at, -- when it happened
    a.is_decision, -- decided here; false: a fact from elsewhere
    a.timeline_no, -- place at equal times
    a.fact_id, -- identity of the fact, zero for decisions
    a.assigns, -- true: an owner was assigned
    a.owner_user, -- person who is responsible from then on
    a.owner_group, -- group that is responsible from then on
    a.version, -- version of the event in the order's stream; depends on arrival
    a.recorded_at, -- when the log took it; depends on arrival
    a.annulled_recorded_at -- when the log took its annulment, null: it counts; depends on arrival
from live.acts a
where not exists (select from live.orders o where o.order_id = a.order_id and o.test);
