-- The moves that orders really made, as process mining draws them: each pair of consecutive
-- status events of an order, counted. Test orders are left out.
create view transitions_actual as
select
    path, -- order path
    previous_status as from_status, -- status that was left
    status as to_status, -- status that was entered
    count(*) as moves, -- how often, over all orders
    count(*) filter (where not conforming) as nonconforming_moves, -- of these, moves that the path does not allow
    avg(previous_seconds) as mean_seconds, -- mean time in from_status, seconds
    percentile_cont(0.5) within group (order by previous_seconds) as median_seconds, -- median time in from_status, seconds, interpolated
    percentile_cont(0.9) within group (order by previous_seconds) as p90_seconds, -- 90th percentile, seconds, interpolated
    percentile_cont(0.99) within group (order by previous_seconds) as p99_seconds, -- 99th percentile, seconds, interpolated
    min(previous_seconds) as min_seconds, -- shortest, seconds
    max(previous_seconds) as max_seconds -- longest, seconds
from analytics.status_visits
where previous_status is not null
group by path, previous_status, status;
