-- One row for each time that a wave came: at which hour, and what became of its orders, in numbers.
create view waves as
select
    w.batch_id, -- its batch: correlation_id of whatever it did
    w.wave, -- name of the wave
    w.wave_version, -- version that it came by
    w.due_at, -- hour that it came at, null: a person began it
    w.begun_at, -- when it was begun
    extract(epoch from w.begun_at - w.due_at)::double precision as late_seconds, -- from the hour to the begin, seconds by the wall clock
    w.actor_kind, -- as whom it asked: clock, user, …
    w.actor_id, -- by the clock the name of the wave, else who began it
    w.finished_at, -- when every order had answered, null: it runs
    extract(epoch from w.finished_at - w.begun_at)::double precision as seconds, -- from its begin to its end, seconds by the wall clock
    w.orders, -- orders that it was for
    w.accepted, -- of them those that changed
    w.refused, -- those that refused: see refusals
    w.nothing, -- those that were so already
    w.failed, -- those that failed by a fault of ours
    w.recorded_at -- when the log took the begin
from live.waves w;
