-- How many customers share a tag and a cancel reason: where a mailing would be worth it. Who they
-- are says segment_members. Test orders are left out.
create view segments as
select
    tag, -- group that the customers belong to, null: none
    reason_code, -- reason that orders of them failed for, none: nobody said why, null: no order failed
    count(*) as customers, -- customers with both
    sum(orders)::bigint as orders, -- orders of them that failed for it
    max(last_at) as last_at -- when the latest of these did
from analytics.segment_members
group by tag, reason_code;
