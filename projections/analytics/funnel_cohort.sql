-- How far the orders of each month came: of all that were placed in the month, how many ever
-- reached each status. Test orders are left out.
create view funnel_cohort as
with cohorts as (
    select v.order_id, v.path, v.stage, v.status, v.final,
           date_trunc('month', coalesce(o.placed_at, f.entered_at) at time zone 'UTC')::date
               as month
    from (select distinct order_id, path, stage, status, final from analytics.status_visits) v
    join live.orders o on o.order_id = v.order_id
    join live.visits f on f.order_id = v.order_id and f.visit_no = 1
), sizes as (
    select path, month, count(distinct order_id) as orders from cohorts group by path, month
)
select
    path, -- order path
    month, -- first day of the month of placing (UTC); of orders never placed, of their first entry
    stage, -- stage of the status
    status, -- status
    final, -- success or failure if the status ends orders, else null
    s.orders, -- orders of this month
    count(*) as reached, -- of these, orders that were ever in the status
    count(*)::double precision / s.orders as share -- reached by orders, 0 to 1
from cohorts join sizes s using (path, month)
group by path, month, stage, status, final, s.orders;
