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
        when w.position < a.position or exists ( -- of a stream that was parked meanwhile
            select from log.events e join ops.acting_passed p using (stream_id)
            where e.position = a.position and p.position < a.position) then 'waiting'
        when b.live_since > (select e.recorded_at from log.events e where e.position = a.position)
            then 'not_sent'
        else 'failed'
    end as outcome, -- accepted, refused, nothing (overtaken), waiting, not_sent (given by a rebuild only, which sends nothing), failed (a fault), shadow
    c.unmet -- what stood against a refused one
from live.rule_acts a
left join log.commands c using (command_id)
join ops.acting w using (shard)
join projection.builds b on b.projection = 'trigger_runs' and b.state = 'live';
