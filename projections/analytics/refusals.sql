-- What was tried and refused: who, what, when, and every condition that was not met. Whoever was
-- refused too often within a minute was turned away for the rest of it: that is one row without an
-- order, for all that was not looked at. So count attempts as sum(times). Attempts on test
-- orders are in it with `test` true: leave them out with `where not test`.
create view refusals as
select
    r.order_id, -- that it was tried on; there may be no such order; null: turned away
    r.attempt, -- number among the refused attempts on the order, or the caller's floods, from 1
    r.times, -- attempts that the row stands for
    r.tried_at, -- when it was tried; of a flood the beginning of its minute
    r.command, -- stored name of the command, such as order.change_status; null: turned away
    r.asked, -- single values that were asked for; personal ones are left out
    r.codes, -- code of each condition that was not met, in the order of the answer
    r.unmet, -- the same with field, message and what would open the way
    r.order_version, -- version of the order that it was decided on, 0: there was none
    r.actor_kind, -- user, api_key, trigger, clock, import, system
    r.actor_id, -- who tried
    r.on_behalf_of, -- for whom, if somebody acts for another
    r.source, -- where the command came in
    r.command_id, -- of the command, whose answer is kept for ever
    r.position, -- in the log
    r.recorded_at, -- when the log took it
    coalesce(o.test, false) as test -- true: tried on a test order
from (
    select order_id, attempt, 1::bigint as times, tried_at, command, asked, codes, unmet,
           order_version, actor_kind, actor_id, on_behalf_of, source, command_id, position,
           recorded_at
    from live.refusals
    union all
    select null, flood, turned_away, minute, null, null, array['too_many_refusals'], null,
           null, caller_kind, caller_id, null, null, command_id, position, recorded_at
    from live.floods
) r
left join live.orders o using (order_id);
