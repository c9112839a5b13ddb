-- One row per message that leaves the house: who is told what, when, and what became of it. Texts
-- and addresses are personal and stand in the log only. Messages about test orders are left out.
create view notifications as
select
    e.effect_id, -- id of the message; of a webhook, its webhook-id
    e.channel, -- mail, sms, webhook
    e.endpoint, -- system that is told by webhook
    e.template, -- what makes the text
    e.template_version, -- version of the template
    e.order_id, -- order that it is about
    e.sku, -- article that it is about
    e.location, -- where the article is kept
    e.to_kind, -- customer, owner, user, group, address; null: an endpoint
    e.to_who, -- the user or the group
    coalesce(e.customer_id, case when e.to_kind = 'customer' then o.customer_id end) as customer_id, -- our key of the customer who is told
    e.rule, -- rule that asked for it, null: a person or a program
    e.rule_version, -- version of the rule
    e.state, -- pending, sent, failed (it is tried again), dead (it is not), dropped
    e.attempts, -- how often it was tried
    e.requested_at, -- when it was asked for
    e.sent_at, -- when the channel took it the last time
    e.next_at, -- when it is tried next, null: not any more
    e.ended_at, -- when it was sent, was dead or was dropped, null: it waits
    e.reason_code, -- why it failed or was dropped
    p.paused_at as outlet_paused_at, -- since when nothing is sent there, null: it is not paused
    extract(epoch from e.sent_at - e.requested_at)::double precision as seconds -- from asking to sending, seconds by the wall clock
from live.effects e
left join live.orders o on o.order_id = e.order_id
left join live.endpoints p on p.endpoint = coalesce(e.endpoint, e.channel)
where o.order_id is null or not o.test;
