-- Refused attempts are events too, of streams of their own (attempt-<order>). They come without a
-- version and get the next one of their stream here, so that refusing never sets anything back.
-- The rest of log.append is as it was.

create or replace function log.append(
    ids uuid[], streams json, reads json, commands json, events json, keys json,
    definitions json,
    out after bigint, out at timestamptz, out moved integer[], out known integer[],
    out set_back integer[]
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform log.hold();

    select e.position, e.recorded_at into after, at
    from log.events e order by e.position desc limit 1;
    after := coalesce(after, 0);
    at := greatest(clock_timestamp(), at);

    moved := array(
        select (s.no - 1)::integer
        from json_array_elements(streams) with ordinality as s(pair, no)
        where (s.pair ->> 1)::integer is distinct from coalesce(
            (select max(e.version) from log.events e where e.stream_id = s.pair ->> 0), 0));
    known := array(
        select (i.no - 1)::integer
        from unnest(ids) with ordinality as i(command_id, no)
        join log.commands k using (command_id));
    set_back := known;
    if cardinality(moved) > 0 or cardinality(known) > 0 then
        set_back := log.set_back(reads, moved, known);
    end if;

    insert into log.keys (key_id, subject_id, key)
    select k.key_id, k.subject_id, decode(k.key, 'hex')
    from json_to_recordset(keys) as k(key_id uuid, subject_id text, key text)
    on conflict do nothing;

    insert into log.definitions (kind, name, version, content_hash, body, recorded_at)
    select d.kind, d.name, d.version, d.content_hash, d.body, at
    from json_to_recordset(definitions) as d(
        command integer, kind text, name text, version integer, content_hash text, body json)
    where d.command <> all (set_back);

    with c as materialized (
        select * from json_to_recordset(commands) as c(
            no integer, command_id uuid, name text, body_hash text, outcome text,
            versions jsonb, unmet jsonb, correlation_id uuid, causation_id uuid,
            actor_kind text, actor_id text, on_behalf_of text, source text)
        where c.no <> all (set_back)
    ), e as materialized (
        select x.*, after + row_number() over (order by x.no) as position
        from json_to_recordset(events) as x(
            no integer, command integer, stream_id text, version integer, shard smallint,
            type text, payload text, fact_id uuid, subject_id text, key_id uuid,
            reason text, occurred_at timestamptz)
        where x.command <> all (set_back)
    ), written as (
        insert into log.events
        select e.position, e.stream_id,
               coalesce(e.version, (
                   select coalesce(max(b.version), 0) from log.events b
                   where b.stream_id = e.stream_id
               ) + (
                   select count(*) from e before
                   where before.stream_id = e.stream_id and before.no <= e.no
               )),
               e.shard, e.type,
               convert_to(e.payload, 'UTF8'), e.fact_id, e.subject_id, e.key_id,
               c.command_id, c.correlation_id, c.causation_id, c.actor_kind, c.actor_id,
               c.on_behalf_of, e.reason, c.source, e.occurred_at, at
        from e join c on c.no = e.command
        order by e.position
    )
    insert into log.commands
    select c.command_id, c.name, decode(c.body_hash, 'hex'), c.outcome, s.first, s.last,
           c.versions, c.unmet, at
    from c left join (
        select e.command, min(e.position) as first, max(e.position) as last
        from e group by e.command
    ) s on s.command = c.no and c.outcome = 'accepted'
    where c.outcome <> 'conflict';
end $$;
