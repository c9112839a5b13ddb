-- What rules sent, and what became of it: one row for each command.
create view trigger_acts as
select
    a.position, -- of the event that led to it
    a.rule, -- name of the rule
    a.rule_version, -- version of the rule
    a.act_no, -- number among all that the event led to, from 1
    a.order_id, -- that the event is about; null: a stock
    a.command, -- stored name of the command, such as order.change_status
    a.body, -- the command
    a.command_id, -- of the command, whose answer is kept for ever
    case
        when not a.sent then 'shadow'
        when c.outcome is not null then c.outcome
        when l.command_id is not null then 'turned_off'
        when w.position < a.position or p.stream_id is not null then 'waiting'
        when b.live_since > (select e.recorded_at from log.events e where e.position = a.position)
            then 'not_sent'
        else 'failed'
    end as outcome, -- accepted, refused, nothing (overtaken), turned_off (its rule was, or to shadow, before it was sent: it never is), waiting, not_sent (given by a rebuild only, which sends nothing), failed (a fault), shadow
    c.unmet, -- what stood against a refused one
    case when c.outcome is null and a.sent then p.rule end as waits_for -- rule that has sent as much within the minute as it may; what is to be sent for this order later than its act waits, too
from live.rule_acts a
left join log.commands c using (command_id)
left join ops.acting_left_out l using (command_id)
join ops.acting w using (shard)
left join ops.acting_passed p
  on p.stream_id = case when a.order_id is null
         then (select e.stream_id from log.events e where e.position = a.position)
         else 'order-' || a.order_id
     end
 and (a.position, a.act_no) > (p.position + 1, p.act_no)
join projection.builds b on b.projection = 'trigger_runs' and b.state = 'live';
