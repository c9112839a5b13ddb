-- How orders flow through the statuses, day by day (UTC). For every status and at the end of
-- any day: now = all that entered so far - all that departed so far. Days on which nothing moved
-- in a status have no row: the row before still holds. Test orders are left out.
create view funnel_flow as
select
    path, -- order path
    stage, -- stage of the status
    status, -- status
    day, -- day, UTC
    entered, -- orders that entered the status on that day, each time counted
    departed, -- orders that left it on that day, each time counted
    sum(entered - departed) over (
        partition by path, stage, status order by day)::bigint as now -- orders in it at the end of that day
from (
    select path, stage, status, day,
           sum(entered)::bigint as entered, sum(departed)::bigint as departed
    from (
        select path, stage, status, (entered_at at time zone 'UTC')::date as day,
               count(*) as entered, 0 as departed
        from analytics.status_visits group by 1, 2, 3, 4
        union all
        select path, stage, status, (left_at at time zone 'UTC')::date, 0, count(*)
        from analytics.status_visits where left_at is not null group by 1, 2, 3, 4
    ) moves
    group by path, stage, status, day
) days;
