-- How long people worked on orders: from taking an order up (first owner assigned, or first act
-- of a user, within the stay) to handing it on, apart from the time it only waited. Per status
-- and holder. Stays that nobody took up are not in it. Test orders are left out.
create view handling_times as
select
    path, -- order path
    stage, -- stage of the status
    status, -- status in which the order was handled
    holder_user, -- person who owned the order on entry, null: nobody
    holder_group, -- group that owned the order on entry, null: none
    count(*) as visits, -- stays that were taken up and have ended
    avg(handling_seconds) as mean_seconds, -- mean, seconds
    percentile_cont(0.5) within group (order by handling_seconds) as p50_seconds, -- median, seconds, interpolated
    percentile_cont(0.9) within group (order by handling_seconds) as p90_seconds, -- 90th percentile, seconds, interpolated
    percentile_cont(0.99) within group (order by handling_seconds) as p99_seconds, -- 99th percentile, seconds, interpolated
    min(handling_seconds) as min_seconds, -- shortest, seconds
    max(handling_seconds) as max_seconds -- longest, seconds
from analytics.status_visits
where handling_seconds is not null
group by path, stage, status, holder_user, holder_group;
