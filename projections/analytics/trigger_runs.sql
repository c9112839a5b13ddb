-- What rules said to events: one row for each time that a rule looked at one, or that one ended what
-- it waited for, with the answer to each of its conditions. Kept as long as the order. What it sent
-- stands in trigger_acts.
create view trigger_runs as
select
    r.position, -- of the event in the log
    r.run_no, -- number among all that rules said to the event, from 1
    r.rule, -- name of the rule
    r.rule_version, -- version of the rule that judged
    r.order_id, -- that the event is about; null: a stock
    r.event, -- what happened, such as order.placed; timer.fired: what the rule waited for has come
    r.result, -- fired, skipped, delayed, cancelled, stopped, shadow
    r.why, -- of a stopped one: loop (rules went round), depth (eight in a row had led to it), per_order; of a cancelled one: event, retired (off, or looks at something else by then); else null
    r.conditions, -- name of each condition -> true, false, or the code of why it has no answer
    r.changed, -- the change that it looked at: {field, old, new}; null: the event as such
    r.chain, -- the rules that led to it, each by the one before, with this one at the end
    r.acts, -- commands that it sent; of a shadow: would have sent
    r.due_at, -- of a delayed one: when it is judged again
    r.command_id, -- of the command that the event came from
    r.occurred_at, -- when the event happened
    r.recorded_at, -- when the log took it
    coalesce(o.test, false) as test -- true: a test order
from live.trigger_runs r
left join live.orders o using (order_id);
