-- What auditors look at, counted day by day (UTC) of when the log took it: so a day that is over
-- stays as it was. Test orders are in it. Who was erased, and why things were done, is in the log
-- only: `orderpath audit day` tells it.
create view audit_days as
select
    (a.recorded_at at time zone 'UTC')::date as day, -- day, UTC, on which the log took it
    a.what, -- overrides, refusals, turned_away, late_facts, corrections, test_flags
    a.actor_kind, -- user, api_key, trigger, clock, import, system
    a.actor_id, -- id of the actor; of what another system tells its own name of whoever did it, where known
    a.on_behalf_of, -- for whom, if somebody acts for another
    sum(a.times)::bigint as times -- how often; turned_away: attempts that were not looked at
from (
    select recorded_at, 'overrides' as what, actor_kind, actor_id, on_behalf_of, 1 as times
    from live.overrides
    union all
    select recorded_at, 'refusals', actor_kind, actor_id, on_behalf_of, 1 from live.refusals
    union all
    select recorded_at, 'turned_away', caller_kind, caller_id, null, turned_away from live.floods
    union all
    select recorded_at, 'late_facts', actor_kind, actor_id, on_behalf_of, 1
    from live.activity
    where fact_id is not null and recorded_at - occurred_at > interval '1 hour'
    union all
    select recorded_at,
           case when event like 'order.fact\_annulled.%' then 'corrections' else 'test_flags' end,
           actor_kind, actor_id, on_behalf_of, 1
    from live.activity
    where event like 'order.fact\_annulled.%' or event like 'order.test\_flag\_changed.%'
) a
group by 1, a.what, a.actor_kind, a.actor_id, a.on_behalf_of;
