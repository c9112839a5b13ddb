-- What was tried and refused: who, what, when, and every condition that was not met.
create view refusals as
select
    r.order_id, -- that it was tried on; there may be no such order
    r.attempt, -- number among the refused attempts on the order, from 1
    r.tried_at, -- when it was tried
    r.command, -- stored name of the command, such as order.change_status
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
    coalesce(o.test, false) as test -- true: a test order
from live.refusals r
left join live.orders o using (order_id);
