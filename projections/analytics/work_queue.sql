-- Open orders that need somebody now: order by due_at nulls last, status_since. Orders whose status
-- lets the clock stand wait for somebody else and are left out, and so are test orders. An order
-- that nobody was made responsible for belongs to whom its path names for the status.
create view work_queue as
select
    v.order_id, -- id of the order
    o.external_id, -- its number in the source
    v.path, -- order path
    v.stage, -- stage of the status
    v.status, -- status in which it is
    v.entered_at as status_since, -- when it entered the status
    v.due_at, -- time limit of the status, as it was put off last, null: none
    extract(epoch from v.due_at - now())::double precision as seconds_left, -- until the time limit, below zero: it is overdue, seconds
    coalesce(v.due_at < now(), false) as overdue, -- the time limit has passed
    w.owner_user, -- person who is responsible, null: nobody is
    w.owner_group, -- group that is responsible
    (
        select max(a.occurred_at) from live.acts a
        where a.order_id = v.order_id and a.assigns and a.annulled_recorded_at is null
    ) as owned_since, -- when somebody was made responsible last, null: never
    array_remove(array[
        case
            when w.owner_user is not null then null
            when w.owner_group is not null then 'person'
            else 'owner'
        end,
        case when o.due_minor > 0 then 'payment' end,
        case when exists (
            select from live.items i where i.order_id = v.order_id
            and (i.pieces ? 'to_buy' or i.pieces ? 'bought')) then 'goods' end
    ], null) as missing, -- owner: nobody is responsible; person: nobody of the group; payment: some is still to pay; goods: pieces that a supplier has to send
    o.total_minor, -- what the order costs, minor units
    o.currency -- ISO 4217
from live.standings v
join analytics.orders o on o.order_id = v.order_id
left join (
    select d.name as path, d.version as path_version, s.key as status,
           s.value #>> '{owner,user}' as owner_user, s.value #>> '{owner,group}' as owner_group,
           coalesce((s.value ->> 'pauses_clock')::boolean, false) as pauses_clock
    from log.definitions d
    cross join lateral json_each(d.body #> '{definition,statuses}') as s
    where d.kind = 'path'
) s on s.path = v.path and s.path_version = v.path_version and s.status = v.status
cross join lateral (
    select
        case when o.owner_group is null then coalesce(o.owner_user, s.owner_user)
             else o.owner_user end as owner_user,
        case when o.owner_user is null then coalesce(o.owner_group, s.owner_group)
             else o.owner_group end as owner_group
) w
where v.final is null and not o.test and s.pauses_clock is not true;
