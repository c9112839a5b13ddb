-- The stays of all orders as they were at as_of (by when things happened), as far as it was
-- known at as_known (by when the log recorded them). timed_only leaves out entries whose time
-- is derived. Columns as in status_visits; open stays are open as of as_of, and overdue then.
-- With infinity twice it gives what status_visits shows, test orders left out.
create function status_visits_at(
    as_of timestamptz default 'infinity',
    as_known timestamptz default 'infinity',
    timed_only boolean default false
) returns table (
    order_id uuid, visit_no integer, path text, path_version integer, status text, stage text,
    final text, entered_at timestamptz, left_at timestamptz, is_current boolean,
    seconds double precision, previous_status text, next_status text, due_at timestamptz,
    overdue boolean, actor_kind text, actor_id text, role text, holder_user text,
    holder_group text, taken_up_at timestamptz, handling_seconds double precision,
    conforming boolean, nonconforming text, reason_code text, initiator text, time_source text,
    cause uuid
)
language sql stable security definer
set search_path = live, pg_temp set work_mem = '64MB' set jit = off
begin atomic
with stays as (
    select e.*, row_number() over line as visit_no,
           lag(e.status) over line as previous_status,
           lead(e.status) over line as next_status,
           lead(e.occurred_at) over line as left_at,
           lead(e.is_decision) over line as left_by_decision,
           lead(e.timeline_no) over line as left_no,
           lead(e.fact_id) over line as left_fact_id
    from live.status_entries e
    where e.occurred_at <= status_visits_at.as_of
      and e.recorded_at <= status_visits_at.as_known
      and (e.annulled_recorded_at is null
           or e.annulled_recorded_at > status_visits_at.as_known)
      and not (status_visits_at.timed_only and e.time_source = 'derived')
    window line as (
        partition by e.order_id
        order by e.occurred_at, e.is_decision, e.timeline_no, e.fact_id)
), acts as not materialized (
    select a.* from live.acts a
    where a.occurred_at <= status_visits_at.as_of
      and a.recorded_at <= status_visits_at.as_known
      and (a.annulled_recorded_at is null
           or a.annulled_recorded_at > status_visits_at.as_known)
), starts as materialized (
    select d.name as path, d.version as path_version, start.status
    from log.definitions d
    cross join lateral json_to_recordset(d.body #> '{definition,initial}') as start(status text)
    where d.kind = 'path'
)
select s.order_id, s.visit_no::integer, s.path, s.path_version, s.status, p.stage, p.final,
       s.occurred_at, s.left_at, s.left_at is null,
       extract(epoch from s.left_at - s.occurred_at)::double precision,
       s.previous_status, s.next_status, s.due_at,
       coalesce(coalesce(s.left_at, least(now(), status_visits_at.as_of)) > s.due_at, false),
       s.actor_kind, s.actor_id, s.role, holder.owner_user, holder.owner_group, taken.up_at,
       extract(epoch from s.left_at - taken.up_at)::double precision,
       reason.code is null, reason.code, s.reason_code, s.initiator, s.time_source, s.command_id
from stays s
left join log.path_statuses p
  on p.path = s.path and p.path_version = s.path_version and p.status = s.status
left join log.path_transitions t
  on t.path = s.path and t.path_version = s.path_version
 and t.from_status = s.previous_status and t.to_status = s.status
left join starts
  on s.previous_status is null and starts.path = s.path
 and starts.path_version = s.path_version and starts.status = s.status
cross join lateral (
    select case when s.previous_status is null and starts.status is null
                then 'not_an_initial_status'
                when s.previous_status is not null and t.to_status is null
                then 'transition_not_allowed' end as code
) reason
left join lateral (
    select a.owner_user, a.owner_group from acts a
    where a.order_id = s.order_id and a.assigns
      and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
        < (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
    order by a.occurred_at desc, a.is_decision desc, a.timeline_no desc limit 1
) holder on true
left join lateral (
    select min(a.occurred_at) as up_at from acts a
    where a.order_id = s.order_id
      and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
        > (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
      and (s.left_at is null
           or (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
            < (s.left_at, s.left_by_decision, s.left_no, s.left_fact_id))
) taken on true
where not exists (select from live.orders o where o.order_id = s.order_id and o.test);
end;
