-- Snapshots are sealed, belong to one event of the log, and are written through a function.
-- Source: docs/adr/0010-snapshots.md.

-- Rows of the eventsourcing library's recorder have neither; no command is decided on those.
alter table log.snapshots
    add column key_id      uuid,        -- the whole state is sealed with it
    add column recorded_at timestamptz; -- of the event at this version: after a restore of the
                                        -- log another one may stand there

-- Keeps states of streams, and the keys that are new with them; drops older ones of the streams.
--
--   states  [{stream_id, version, type, state, key_id}]  state: sealed text
--   keys    [{key_id, subject_id, key}]                  new keys, as in log.append
--
-- What is not in the log, or belongs to somebody of whom a key was destroyed, is not kept.
-- Waits for nobody for long: the writer's next append is behind it.
create function log.keep_states(states json, keys json) returns void
language plpgsql volatile security definer
set search_path = log, pg_temp
set lock_timeout = '200ms' as $$
#variable_conflict use_variable
begin
    insert into log.keys (key_id, subject_id, key)
    select k.key_id, k.subject_id, decode(k.key, 'hex')
    from json_to_recordset(keys) as k(key_id uuid, subject_id text, key text)
    on conflict do nothing;

    -- Ordered, so that two writers who keep the same streams do not wait for each other in a ring.
    -- Questions inside of the select hold the planner to the indexes, however young the tables.
    insert into log.snapshots as kept (stream_id, version, type, state, key_id, recorded_at)
    select s.stream_id, s.version, s.type, convert_to(s.state, 'UTF8'), s.key_id, s.recorded_at
    from (
        select x.*, (
            select e.recorded_at from log.events e
            where e.stream_id = x.stream_id and e.version = x.version) as recorded_at
        from json_to_recordset(states) as x(
            stream_id text, version integer, type text, state text, key_id uuid)
    ) s
    where s.recorded_at is not null and log.opens(s.key_id, s.stream_id) is not null
    order by s.stream_id
    on conflict on constraint snapshots_pkey do update
    set type = excluded.type, state = excluded.state, key_id = excluded.key_id,
        recorded_at = excluded.recorded_at;

    delete from log.snapshots s
    using json_to_recordset(states) as x(stream_id text, version integer)
    where s.stream_id = x.stream_id and s.version < x.version;
end $$;

-- The key that opens a snapshot. None once any key of its subject or of its stream is destroyed:
-- events read `[erased]` then which the snapshot would tell in clear.
create function log.opens(wanted uuid, stream text) returns bytea
language sql stable set search_path = log, pg_temp as $$
    select k.key from log.keys k
    where k.key_id = wanted and not exists (
        select from log.keys destroyed
        where destroyed.subject_id in (k.subject_id, stream) and destroyed.key is null)
$$;

revoke execute on function log.keep_states, log.opens from public;
grant execute on function log.keep_states, log.opens to orderpath_writer;
