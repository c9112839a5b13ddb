-- How far the orders of each month came: of all that were placed in the month, how many ever
-- reached each status. Test orders are left out.
create view funnel_cohort as
with reached as (
    select v.path, v.stage, v.status, v.final, o.month, count(*) as orders,
           count(*) filter (where v.visit_no = 1) as begun
    from analytics.status_visits v
    join (
        select order_id, date_trunc('month', coalesce(placed_at, (
            select first.entered_at from live.visits first
            where first.order_id = orders.order_id and first.visit_no = 1
        )) at time zone 'UTC')::date as month
        from live.orders
    ) o on o.order_id = v.order_id
    where v.status_visit_no = 1
    group by v.path, v.stage, v.status, v.final, o.month
)
select
    path, -- order path
    month, -- first day of the month of placing (UTC); of orders never placed, of their first entry
    stage, -- stage of the status
    status, -- status
    final, -- success or failure if the status ends orders, else null
    sum(begun) over (partition by path, month)::bigint as orders, -- orders of this month
    orders as reached, -- of these, orders that were ever in the status
    orders / sum(begun) over (partition by path, month)::double precision as share -- reached by orders, 0 to 1
from reached;
