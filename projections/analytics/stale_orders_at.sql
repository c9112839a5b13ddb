-- stale_orders as of a moment: orders whose latest status event up to and including as_of was
-- not final, as far as it was known at as_known, and overdue by the limit that they had then.
-- Columns as in stale_orders; owner and total are those of today. timed_only leaves out entries whose
-- time is derived.
create function stale_orders_at(
    as_of timestamptz,
    as_known timestamptz default 'infinity',
    timed_only boolean default false
) returns table (
    order_id uuid, external_id text, path text, stage text, status text, last_at timestamptz,
    silent_seconds double precision, due_at timestamptz, overdue boolean, owner_user text,
    owner_group text, total_minor bigint, currency text
)
language sql stable
begin atomic
select l.order_id, o.external_id, l.path, l.stage, l.status, l.entered_at,
       extract(epoch from stale_orders_at.as_of - l.entered_at)::double precision, l.due_at,
       coalesce(l.due_at < stale_orders_at.as_of, false), o.owner_user, o.owner_group,
       coalesce(o.total_minor, 0), o.currency
from (
    -- As in status_visits_at, only one of the two branches is planned.
    select v.order_id, v.path, v.stage, v.status, v.entered_at,
           case when v.due_at > v.first_due_at then coalesce((
                    select z.due_at from analytics.snoozes z
                    where z.order_id = v.order_id and z.entered = v.version
                      and z.occurred_at <= stale_orders_at.as_of
                    order by z.version desc limit 1
                ), v.first_due_at) else v.due_at end as due_at
    from analytics.status_visits v
    where v.entered_at <= stale_orders_at.as_of and v.final is null
      and (v.left_at is null or v.left_at > stale_orders_at.as_of)
      and stale_orders_at.as_known = 'infinity' and stale_orders_at.timed_only is false
    union all
    select e.order_id, e.path, p.stage, e.status, e.occurred_at,
           case when e.due_at is not null then coalesce((
               select z.due_at from analytics.snoozes z
               where z.order_id = e.order_id and z.entered = e.version
                 and z.occurred_at <= stale_orders_at.as_of
                 and z.recorded_at <= stale_orders_at.as_known
               order by z.version desc limit 1), e.due_at) end
    from (
        select distinct on (e.order_id) e.*
        from analytics.status_entries e
        where e.occurred_at <= stale_orders_at.as_of
          and e.recorded_at <= stale_orders_at.as_known
          and (e.annulled_recorded_at is null
               or e.annulled_recorded_at > stale_orders_at.as_known)
          and (not stale_orders_at.timed_only or e.time_source <> 'derived')
        order by e.order_id, e.occurred_at desc, e.is_decision desc, e.timeline_no desc,
                 e.fact_id desc
    ) e
    left join analytics.path_statuses p
      on p.path = e.path and p.path_version = e.path_version and p.status = e.status
    where p.final is null
      and (stale_orders_at.as_known < 'infinity' or stale_orders_at.timed_only is not false)
) l
left join analytics.orders o on o.order_id = l.order_id;
end;
