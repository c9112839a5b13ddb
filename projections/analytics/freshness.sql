-- How far each read model has come: look here before you wonder about a number.
create view freshness as
select
    b.projection, -- read model
    b.version, -- version of its tables
    b.state, -- live, or rebuilding (beside the live one)
    b.driver, -- who feeds it: follower or workers
    coalesce(w.next_position - 1, h.position) as position, -- all of the log up to here is in it
    h.position as log_position, -- end of the log
    h.position - coalesce(w.next_position - 1, h.position) as lag, -- positions behind, 0: up to date
    e.recorded_at as waiting_since, -- when the log took the first event that waits, null: none
    coalesce(extract(epoch from now() - e.recorded_at), 0)::double precision as lag_seconds, -- time since then, seconds
    (select count(*) from projection.parked p where p.build = b.build) as parked -- streams left behind at an error
from projection.builds b
cross join (select coalesce(max(position), 0) as position from log.events) h
left join lateral (
    select min(p.next_position) as next_position from projection.progress p where p.build = b.build
) w on true
left join log.events e on e.position = w.next_position
where b.state in ('live', 'rebuilding');
