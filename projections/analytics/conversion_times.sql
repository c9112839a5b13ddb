-- How long orders took from one status to another: from the first entry of the one to the first
-- entry of the other, over all orders that reached both. Negative where the order of the two
-- was the other way round. Filter by from_status and to_status. Test orders are left out.
create view conversion_times as
select
    path, -- order path
    from_status, -- status where the clock starts
    to_status, -- status where it stops
    count(*) as orders, -- orders that reached both
    avg(seconds) as mean_seconds, -- mean, seconds
    percentile_cont(0.5) within group (order by seconds) as median_seconds, -- median, seconds, interpolated
    percentile_cont(0.9) within group (order by seconds) as p90_seconds, -- 90th percentile, seconds, interpolated
    min(seconds) as min_seconds, -- shortest, seconds
    max(seconds) as max_seconds -- longest, seconds
from (
    select a.path, a.status as from_status, b.status as to_status,
           extract(epoch from b.entered_at - a.entered_at)::double precision as seconds
    from analytics.status_visits a
    join live.visits b on b.order_id = a.order_id and b.status <> a.status
    where a.status_visit_no = 1 and b.status_visit_no = 1
) pairs
group by path, from_status, to_status;
