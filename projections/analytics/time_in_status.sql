-- How long orders stay in each status, by the wall clock, over all stays that have ended. Test
-- orders are left out.
create view time_in_status as
select
    path, -- order path
    stage, -- stage of the status
    status, -- status
    count(*) as visits, -- stays that have ended
    avg(seconds) as mean_seconds, -- mean, seconds
    percentile_cont(0.5) within group (order by seconds) as p50_seconds, -- median, seconds, interpolated
    percentile_cont(0.9) within group (order by seconds) as p90_seconds, -- 90th percentile, seconds, interpolated
    percentile_cont(0.99) within group (order by seconds) as p99_seconds, -- 99th percentile, seconds, interpolated
    max(seconds) as max_seconds -- longest, seconds
from analytics.status_visits
where seconds is not null
group by path, stage, status;
