-- Derives the visits of touched orders and where these stand. The parameter is
-- [{order_id, at}]: at is the earliest moment of the order that something new touches.
--
-- The visits before the anchor stay as they are: the anchor is the last moment at which a visit
-- began before anything was touched, so all that began at or after it is derived again.
with anchors as materialized (
    select x.order_id, coalesce(anchor.entered_at, '-infinity') as entered_at,
           coalesce(kept.visit_no, 0) as visits, kept.status, kept.entered_at as kept_at
    from json_to_recordset(%s::json) as x(order_id uuid, at timestamptz)
    left join lateral (
        select v.entered_at from visits v
        where v.order_id = x.order_id and v.entered_at < x.at
        order by v.visit_no desc limit 1
    ) anchor on true
    left join lateral (
        select v.visit_no, v.status, v.entered_at from visits v
        where v.order_id = x.order_id and v.entered_at < anchor.entered_at
        order by v.visit_no desc limit 1
    ) kept on true
), stays as materialized (
    select e.*,
           case when e.due_at is not null then coalesce((
               select z.due_at from snoozes z
               where z.order_id = e.order_id and z.entered = e.version
               order by z.version desc limit 1
           ), e.due_at) end as put_off_to,
           anchors.visits,
           anchors.visits + row_number() over line as visit_no,
           row_number() over (
               partition by e.order_id, e.status
               order by e.occurred_at, e.is_decision, e.timeline_no, e.fact_id
           ) as status_visit_no,
           lag(e.status, 1, anchors.status) over line as previous_status,
           lag(e.occurred_at, 1, anchors.kept_at) over line as previous_at,
           lead(e.status) over line as next_status,
           lead(e.occurred_at) over line as left_at,
           lead(e.is_decision) over line as left_by_decision,
           lead(e.timeline_no) over line as left_no,
           lead(e.fact_id) over line as left_fact_id
    from anchors
    join status_entries e
      on e.order_id = anchors.order_id and e.occurred_at >= anchors.entered_at
     and e.annulled_recorded_at is null
    window line as (
        partition by e.order_id
        order by e.occurred_at, e.is_decision, e.timeline_no, e.fact_id)
), starts as materialized (
    select d.name as path, d.version as path_version, start.status
    from (select distinct path, path_version from stays where previous_status is null) used
    join log.definitions d
      on d.kind = 'path' and d.name = used.path and d.version = used.path_version
    cross join lateral json_to_recordset(d.body #> '{definition,initial}')
        as start(status text)
), derived as (
    insert into visits (
        order_id, visit_no, status_visit_no, path, path_version, status, stage, final, entered_at,
        left_at, seconds, previous_status, previous_seconds, next_status, due_at, first_due_at,
        actor_kind, actor_id, role, holder_user, holder_group, taken_up_at, nonconforming, reason_code,
        initiator, time_source, version, command_id)
    select s.order_id, s.visit_no, s.status_visit_no + coalesce(before.status_visit_no, 0),
           s.path, s.path_version, s.status, p.stage, p.final, s.occurred_at, s.left_at,
           extract(epoch from s.left_at - s.occurred_at), s.previous_status,
           extract(epoch from s.occurred_at - s.previous_at), s.next_status, s.put_off_to,
           s.due_at, s.actor_kind, s.actor_id, s.role, holder.owner_user, holder.owner_group, taken.up_at,
           case
               when s.migrated then null
               when s.previous_status is null then case when not exists (
                   select 1 from starts where starts.path = s.path
                       and starts.path_version = s.path_version and starts.status = s.status
               ) then 'not_an_initial_status' end
               when not exists (
                   select 1 from log.path_transitions t
                   where t.path = s.path and t.path_version = s.path_version
                     and t.from_status = s.previous_status and t.to_status = s.status
               ) then 'transition_not_allowed'
           end,
           s.reason_code, s.initiator, s.time_source, s.version, s.command_id
    from stays s
    left join log.path_statuses p
      on p.path = s.path and p.path_version = s.path_version and p.status = s.status
    left join lateral (
        select v.status_visit_no from visits v
        where v.order_id = s.order_id and v.visit_no <= s.visits and v.status = s.status
        order by v.visit_no desc limit 1
    ) before on true
    left join lateral (
        select a.owner_user, a.owner_group from acts a
        where a.order_id = s.order_id and a.assigns and a.occurred_at <= s.occurred_at
          and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
            < (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
        order by a.occurred_at desc, a.is_decision desc, a.timeline_no desc limit 1
    ) holder on true
    left join lateral (
        select min(a.occurred_at) as up_at from acts a
        where a.order_id = s.order_id and a.annulled_recorded_at is null
          and a.occurred_at >= s.occurred_at
          and (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
            > (s.occurred_at, s.is_decision, s.timeline_no, s.fact_id)
          and (s.left_at is null
               or (a.occurred_at, a.is_decision, a.timeline_no, a.fact_id)
                < (s.left_at, s.left_by_decision, s.left_no, s.left_fact_id))
    ) taken on true
    on conflict (order_id, visit_no) do update set
        status_visit_no = excluded.status_visit_no,
        path = excluded.path, path_version = excluded.path_version, status = excluded.status,
        stage = excluded.stage, final = excluded.final, entered_at = excluded.entered_at,
        left_at = excluded.left_at, seconds = excluded.seconds,
        previous_status = excluded.previous_status, previous_seconds = excluded.previous_seconds,
        next_status = excluded.next_status,
        due_at = excluded.due_at, first_due_at = excluded.first_due_at,
        actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, role = excluded.role,
        holder_user = excluded.holder_user, holder_group = excluded.holder_group,
        taken_up_at = excluded.taken_up_at, nonconforming = excluded.nonconforming,
        reason_code = excluded.reason_code, initiator = excluded.initiator,
        time_source = excluded.time_source, version = excluded.version,
        command_id = excluded.command_id
    where visits.* is distinct from excluded.*
)
insert into standings as o (
    order_id, visit_no, path, path_version, status, stage, final, entered_at, due_at)
select s.order_id, s.visit_no, s.path, s.path_version, s.status, p.stage, p.final, s.occurred_at,
       s.put_off_to
from stays s
left join log.path_statuses p
  on p.path = s.path and p.path_version = s.path_version and p.status = s.status
where s.left_at is null
on conflict (order_id) do update set
    visit_no = excluded.visit_no, path = excluded.path, path_version = excluded.path_version,
    status = excluded.status, stage = excluded.stage, final = excluded.final,
    entered_at = excluded.entered_at, due_at = excluded.due_at
where o.* is distinct from excluded.*
