-- Where orders are lost: from which status they went into a failure. Test orders are left out.
create view drop_off as
select
    d.path, -- order path
    d.previous_status, -- status in which the order was before, null: it began as a failure
    d.status, -- failure status that it entered
    r.orders as reached, -- orders that were ever in previous_status
    count(distinct d.order_id) as dropped, -- of these, orders that went from there into the failure
    count(distinct d.order_id)::double precision / r.orders as share, -- dropped by reached, 0 to 1
    percentile_cont(0.5) within group (order by d.previous_seconds) as median_seconds -- median time in previous_status before that, seconds
from analytics.status_visits d
left join (
    select path, status, count(*) as orders
    from analytics.status_visits where status_visit_no = 1 group by path, status
) r on r.path = d.path and r.status = d.previous_status
where d.final = 'failure'
group by d.path, d.previous_status, d.status, r.orders;
