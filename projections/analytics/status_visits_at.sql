-- The stays of all orders as they were at as_of (by when things happened), as far as it was
-- known at as_known (by when the log recorded them). timed_only leaves out entries whose time
-- is derived. Columns as in status_visits; a stay is open, and overdue, as of as_of, by the limit
-- that it had then. Without arguments it gives what status_visits shows. With as_of alone it is as
-- fast as that view; with the others ask only for the columns that you need: holder and taken_up_at
-- are then found for each stay. Test orders are left out.
create function status_visits_at(
    as_of timestamptz default 'infinity',
    as_known timestamptz default 'infinity',
    timed_only boolean default false
) returns table (
    order_id uuid, visit_no integer, status_visit_no integer, path text, path_version integer,
    status text, stage text, final text, entered_at timestamptz, left_at timestamptz,
    is_current boolean, seconds double precision, previous_status text,
    previous_seconds double precision, next_status text, due_at timestamptz, first_due_at timestamptz,
    overdue boolean, actor_kind text, actor_id text, role text, holder_user text, holder_group text,
    taken_up_at timestamptz, handling_seconds double precision, conforming boolean,
    nonconforming text, reason_code text, initiator text, time_source text, cause uuid,
    version integer
)
language sql stable
begin atomic
-- By what is known now, the stays as of a moment are those of today that had begun by then. Only
-- one of the two branches is planned.
select
    v.order_id, v.visit_no, v.status_visit_no, v.path, v.path_version, v.status, v.stage, v.final,
    v.entered_at, past.left_at, past.left_at is null,
    case when past.left_at is not null then v.seconds end, v.previous_status, v.previous_seconds,
    case when past.left_at is not null then v.next_status end,
    past.due_at, v.first_due_at,
    coalesce(coalesce(past.left_at, least(now(), status_visits_at.as_of)) > past.due_at, false),
    v.actor_kind, v.actor_id, v.role, v.holder_user, v.holder_group,
    case when v.taken_up_at <= status_visits_at.as_of then v.taken_up_at end,
    case when past.left_at is not null then v.handling_seconds end, v.conforming,
    v.nonconforming, v.reason_code, v.initiator, v.time_source, v.cause, v.version
from analytics.status_visits v
cross join lateral (
    select
        case when v.left_at <= status_visits_at.as_of then v.left_at end as left_at,
        case when v.due_at > v.first_due_at then coalesce((
                 select z.due_at from analytics.snoozes z
                 where z.order_id = v.order_id and z.entered = v.version
                   and z.occurred_at <= status_visits_at.as_of
                 order by z.version desc limit 1
             ), v.first_due_at) else v.due_at end as due_at
) past
where v.entered_at <= status_visits_at.as_of
  and status_visits_at.as_known = 'infinity' and status_visits_at.timed_only is false
union all
select
    s.order_id, s.visit_no::integer, s.status_visit_no::integer, s.path, s.path_version, s.status,
    p.stage, p.final, s.occurred_at, s.left_at, s.left_at is null,
    extract(epoch from s.left_at - s.occurred_at)::double precision, s.previous_status,
    extract(epoch from s.occurred_at - s.previous_at)::double precision, s.next_status,
    s.put_off_to, s.due_at,
    coalesce(coalesce(s.left_at, least(now(), status_visits_at.as_of)) > s.put_off_to, false),
    s.actor_kind, s.actor_id, s.role,
    (select a.owner_user from analytics.acts a
     where a.order_id = s.order_id and a.assigns and a.occurred_at <= s.occurred_at
       and a.recorded_at <= status_visits_at.as_known
       and (a.annulled_recorded_at is null
            or a.annulled_recorded_at > status_visits_at.as_known)
       and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
         < (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
     order by a.occurred_at desc, a.is_decision desc, a.timeline_no desc limit 1),
    (select a.owner_group from analytics.acts a
     where a.order_id = s.order_id and a.assigns and a.occurred_at <= s.occurred_at
       and a.recorded_at <= status_visits_at.as_known
       and (a.annulled_recorded_at is null
            or a.annulled_recorded_at > status_visits_at.as_known)
       and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
         < (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
     order by a.occurred_at desc, a.is_decision desc, a.timeline_no desc limit 1),
    s.taken_up_at,
    extract(epoch from s.left_at - s.taken_up_at)::double precision,
    case when s.migrated then true
         when s.previous_status is null then p.initial is true else t.to_status is not null end,
    case when s.migrated then null
         when s.previous_status is null and p.initial is not true then 'not_an_initial_status'
         when s.previous_status is not null and t.to_status is null then 'transition_not_allowed'
    end,
    s.reason_code, s.initiator, s.time_source, s.cause, s.version
from (
    select l.*,
        case when l.due_at is not null then coalesce((
            select z.due_at from analytics.snoozes z
            where z.order_id = l.order_id and z.entered = l.version
              and z.occurred_at <= status_visits_at.as_of
              and z.recorded_at <= status_visits_at.as_known
            order by z.version desc limit 1), l.due_at) end as put_off_to,
        (select min(a.occurred_at) from analytics.acts a
         where a.order_id = l.order_id and a.occurred_at >= l.occurred_at
           and a.occurred_at <= status_visits_at.as_of
           and a.recorded_at <= status_visits_at.as_known
           and (a.annulled_recorded_at is null
                or a.annulled_recorded_at > status_visits_at.as_known)
           and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
             > (l.occurred_at, l.is_decision, l.timeline_no, l.fact_id)
           and (l.left_at is null
                or (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
                 < (l.left_at, l.left_by_decision, l.left_no, l.left_fact_id))) as taken_up_at
    from (
        select e.*,
               row_number() over line as visit_no,
               row_number() over (
                   partition by e.order_id, e.status
                   order by e.occurred_at, e.is_decision, e.timeline_no, e.fact_id
               ) as status_visit_no,
               lag(e.status) over line as previous_status,
               lag(e.occurred_at) over line as previous_at,
               lead(e.status) over line as next_status,
               lead(e.occurred_at) over line as left_at,
               lead(e.is_decision) over line as left_by_decision,
               lead(e.timeline_no) over line as left_no,
               lead(e.fact_id) over line as left_fact_id
        from analytics.status_entries e
        where e.occurred_at <= status_visits_at.as_of
          and e.recorded_at <= status_visits_at.as_known
          and (e.annulled_recorded_at is null
               or e.annulled_recorded_at > status_visits_at.as_known)
          and (not status_visits_at.timed_only or e.time_source <> 'derived')
        window line as (
            partition by e.order_id
            order by e.occurred_at, e.is_decision, e.timeline_no, e.fact_id)
    ) l
) s
left join analytics.path_statuses p
  on p.path = s.path and p.path_version = s.path_version and p.status = s.status
left join analytics.path_transitions t
  on t.path = s.path and t.path_version = s.path_version
 and t.from_status = s.previous_status and t.to_status = s.status
where status_visits_at.as_known < 'infinity' or status_visits_at.timed_only is not false;
end;
