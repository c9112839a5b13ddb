-- One row per customer: tags, marks, and the orders so far. Names and contacts are in no view. Test
-- orders are left out.
create view customers as
select
    c.customer_id, -- our key of the customer
    c.created_at, -- since when the shop knows the customer
    c.tags, -- groups that the customer belongs to, in alphabetical order
    array(select mark from jsonb_object_keys(c.marks) as mark order by mark) as marks, -- what the shop is warned of, such as bad
    c.marks as mark_reasons, -- mark -> reason code that it was set with
    coalesce(o.orders, 0) as orders, -- orders so far
    coalesce(o.open_orders, 0) as open_orders, -- of them, orders that have not ended
    coalesce(o.won_orders, 0) as won_orders, -- of them, orders that ended with success
    coalesce(o.lost_orders, 0) as lost_orders, -- of them, orders that ended as a failure
    o.first_order_at, -- when the first of them was placed
    o.last_order_at -- when the latest of them was placed
from live.customers c
left join (
    select
        customer_id,
        count(*) as orders,
        count(*) filter (where final is null) as open_orders,
        count(*) filter (where final = 'success') as won_orders,
        count(*) filter (where final = 'failure') as lost_orders,
        min(placed_at) as first_order_at,
        max(placed_at) as last_order_at
    from analytics.orders where not test and customer_id is not null group by customer_id
) o on o.customer_id = c.customer_id;
