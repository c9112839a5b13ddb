-- Orders that have been in their status for longer than its time limit allows: one row each, however
-- old. order by overdue_since for the longest. Test orders are left out.
create view overdue as
select
    d.order_id, -- id of the order
    o.external_id, -- its number in the source
    d.path, -- order path
    d.status, -- status that it should have left
    d.due_at as overdue_since, -- when the limit ended
    extract(epoch from now() - d.due_at)::double precision as overdue_seconds, -- time since then by the wall clock
    reached.level, -- the last step that was reached: due, escalate_<percent>
    d.holder_user, -- person who is responsible now
    d.holder_group, -- group that is responsible now
    d.passed_at as told_at -- when the clock said so, null: not yet
from live.deadlines d
left join live.orders o on o.order_id = d.order_id
cross join lateral (
    select r.level from live.deadlines r
    where r.order_id = d.order_id and r.due_at <= now()
    order by r.due_at desc, r.level = 'due', r.level limit 1
) reached
where d.level = 'due' and d.due_at <= now() and not coalesce(o.test, false);
