-- Whom to write to: one row per customer, tag and cancel reason. A segment is all with the same tag
-- and reason, such as tag waits_for_sale and reason postponed. Whoever bears no tag, or of whom no
-- order failed, has null there. Names and contacts are in no view. Test orders are left out.
create view segment_members as
select
    coalesce(c.customer_id, f.customer_id) as customer_id, -- our key of the customer
    c.tag, -- group that the customer belongs to, null: none
    f.reason_code, -- reason that orders of the customer failed for, null: no order failed
    coalesce(f.orders, 0) as orders, -- orders that failed for it
    f.last_at -- when the latest of them did
from (
    select k.customer_id, t.tag from live.customers k
    left join lateral unnest(k.tags) as t(tag) on true
) c
full join (
    select o.customer_id, coalesce(v.reason_code, 'none') as reason_code, count(*) as orders,
           max(v.entered_at) as last_at
    from live.standings s
    join live.orders o on o.order_id = s.order_id and not o.test and o.customer_id is not null
    join live.visits v on v.order_id = s.order_id and v.visit_no = s.visit_no
    where s.final = 'failure'
    group by o.customer_id, coalesce(v.reason_code, 'none')
) f on f.customer_id = c.customer_id;
