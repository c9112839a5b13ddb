-- One row per stay that a person ended by moving the order on: who, when, and how long it was in
-- hand before. What programs and rules move on is not in it. Test orders are left out.
create view handled_stays as
select
    v.order_id, -- id of the order
    v.visit_no, -- number of the stay within the order
    v.path, -- order path
    v.stage, -- stage of the status
    v.status, -- status that the order was in
    coalesce(p.owner_group, p.owner_user) as role, -- who is in charge of the status by its path: a group, or else a person
    n.actor_id as operator, -- id of the person who moved the order on
    v.taken_up_at, -- when it was taken in hand within the stay, null: it was moved at once
    n.entered_at as handed_on_at, -- when it was moved on
    v.handling_seconds -- from taken up to handed on, seconds
from analytics.status_visits v
join live.visits n on n.order_id = v.order_id and n.visit_no = v.visit_no + 1
left join analytics.path_statuses p
  on p.path = v.path and p.path_version = v.path_version and p.status = v.status
where n.actor_kind = 'user';
