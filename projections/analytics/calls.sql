-- One row per call about an order: who called whom when, and what came of it. What was said is
-- written down nowhere. Test orders are left out.
create view calls as
select
    c.order_id, -- id of the order
    c.started_at, -- when it began to ring
    c.direction, -- outgoing: we called; incoming: the customer did
    c.result, -- reached, no_answer, busy, or another code of the shop
    c.talk_seconds, -- how long they talked, seconds
    c.operator, -- id of who called or answered, null: nobody did
    c.fact_id is not null as told -- true: a telephony program told of it, false: the operator did
from live.calls c
where not exists (select from live.orders o where o.order_id = c.order_id and o.test);
