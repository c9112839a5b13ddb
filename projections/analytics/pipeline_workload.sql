-- How much work the open orders still ask for, by who is in charge. The orders that have ended say
-- how many stays in each status followed on the average once an order had come into one, and all
-- stays that have ended how long each was in hand. An order counts its status of now as a stay to
-- come. Test orders are left out.
create view pipeline_workload as
with now as (
    select v.path, v.status, count(*) as orders
    from live.standings v
    where v.final is null
      and not exists (select from live.orders o where o.order_id = v.order_id and o.test)
    group by v.path, v.status
), past as not materialized (
    select v.order_id, v.path, v.status, v.visit_no, v.status_visit_no
    from analytics.status_visits v
    join live.standings s on s.order_id = v.order_id and s.final is not null
    where v.final is null
), begun as (
    select path, status, count(*) as orders from past where status_visit_no = 1
    group by path, status
), ahead as (
    select f.path, f.status as from_status, v.status, count(*) as stays
    from past f
    join past v on v.order_id = f.order_id and v.path = f.path and v.visit_no >= f.visit_no
    where f.status_visit_no = 1
    group by f.path, f.status, v.status
), work as (
    select path, status, coalesce(sum(handling_seconds), 0) / count(*) as seconds
    from analytics.status_visits where left_at is not null group by path, status
), charge as (
    select distinct on (path, status) path, status, stage, coalesce(owner_group, owner_user) as role
    from analytics.path_statuses order by path, status, path_version desc
)
select
    a.path, -- order path
    c.role, -- who is in charge of the statuses by the latest version of the path: a group, or else a person
    c.stage, -- stage of the statuses
    sum(n.orders * a.stays / b.orders::double precision) as expected_stays, -- stays to come of the orders that are open now
    sum(n.orders * a.stays / b.orders::double precision * w.seconds) as expected_seconds -- time in hand that these ask for, seconds
from now n
join begun b on b.path = n.path and b.status = n.status
join ahead a on a.path = n.path and a.from_status = n.status
join work w on w.path = a.path and w.status = a.status
left join charge c on c.path = a.path and c.status = a.status
group by a.path, c.role, c.stage;
