-- The ways that orders took through their path: each different row of statuses, and how many
-- orders took exactly it. Many routes for the same purpose are a sign of a path gone wild. Test
-- orders are left out.
create view routes as
select
    path, -- order path
    route, -- statuses in the order in which they were entered
    cardinality(route) as visits, -- length of the route, stays
    count(*) as orders, -- orders that took it
    count(*) filter (where finished) as finished, -- of these, orders that are in a final status
    avg(seconds) as mean_seconds, -- mean time from the first to the latest entry, seconds
    min(first_at) as first_at, -- when the first of these orders began
    max(first_at) as last_at -- when the last of these orders began
from (
    select order_id, path, array_agg(status order by visit_no) as route,
           bool_or(is_current and final is not null) as finished,
           min(entered_at) as first_at,
           extract(epoch from max(entered_at) - min(entered_at))::double precision as seconds
    from analytics.status_visits group by order_id, path
) taken
group by path, route;
