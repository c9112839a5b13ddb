-- The event log: contiguous positions in commit order, immutable, appended to by one function.
-- Source: docs/adr/0003-log.md.

create schema log;

-- One row. Appends lock it and never update it; a restore or promotion raises its epoch.
create table log.head (
    one     boolean primary key default true check (one),
    log_id  uuid    not null default gen_random_uuid(),
    epoch   integer not null default 1
);
insert into log.head default values;

create table log.events (
    position       bigint      primary key check (position > 0),
    stream_id      text        not null,
    version        integer     not null,
    shard          smallint    not null check (shard between 0 and 15),
    type           text        not null,
    payload        bytea       not null,
    fact_id        uuid,
    subject_id     text,
    key_id         uuid,
    command_id     uuid        not null,
    correlation_id uuid        not null,
    causation_id   uuid,
    actor_kind     text        not null,
    actor_id       text        not null,
    on_behalf_of   text,
    reason         text,
    source         text        not null,
    occurred_at    timestamptz not null,
    recorded_at    timestamptz not null,
    unique (stream_id, version)
);
create unique index events_fact_id on log.events (fact_id) where fact_id is not null;
create index events_shard_position on log.events (shard, position);

-- The answer to every command, for ever. Body hash and codes, never the body's values.
create table log.commands (
    command_id     uuid        primary key,
    name           text        not null,
    body_hash      bytea       not null,
    outcome        text        not null check (outcome in ('accepted', 'refused', 'nothing')),
    first_position bigint,
    last_position  bigint,
    versions       jsonb       not null default '{}',
    unmet          jsonb       not null default '[]',
    recorded_at    timestamptz not null,
    check ((outcome = 'accepted') = (first_position is not null))
);

-- Published paths (later calendars and rules), written in the append that publishes them.
create table log.definitions (
    kind         text        not null,
    name         text        not null,
    version      integer     not null,
    content_hash text        not null,
    body         json        not null, -- json, not jsonb: the order of statuses has a meaning
    recorded_at  timestamptz not null,
    primary key (kind, name, version)
);

-- Keys of personal data. A subject may have several; erasing a person destroys them all.
create table log.keys (
    key_id     uuid        primary key,
    subject_id text        not null,
    key        bytea,
    created_at timestamptz not null default now()
);
create index keys_subject on log.keys (subject_id);

-- States of long streams, disposable: dropping every row changes nothing but speed.
create table log.snapshots (
    stream_id text    not null,
    version   integer not null,
    type      text    not null,
    state     bytea   not null,
    primary key (stream_id, version)
);

-- What published paths say, as rows for joins; filled with log.definitions.
create table log.path_statuses (
    path          text    not null,
    path_version  integer not null,
    status        text    not null,
    status_no     integer not null,
    stage         text    not null,
    stage_no      integer not null,
    final         text,
    title         jsonb   not null default '{}',
    primary key (path, path_version, status)
);

create table log.path_transitions (
    path         text    not null,
    path_version integer not null,
    from_status  text    not null,
    to_status    text    not null,
    primary key (path, path_version, from_status, to_status)
);

create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: the log is immutable', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege',
              hint = 'Correct a wrong fact with a new event: orderpath order correct';
end $$;

-- `always`: also for sessions that call themselves replicas. A superuser may still drop a
-- trigger; that is what the signed heads of the audit find.
do $$
declare
    kept text;
begin
    foreach kept in array array[
        'events', 'commands', 'definitions', 'path_statuses', 'path_transitions']
    loop
        execute format('create trigger immutable before update or delete on log.%I
            for each row execute function log.refuse_change()', kept);
        execute format('create trigger immutable_all before truncate on log.%I
            for each statement execute function log.refuse_change()', kept);
        execute format('alter table log.%I enable always trigger immutable', kept);
        execute format('alter table log.%I enable always trigger immutable_all', kept);
    end loop;
end $$;

create function log.flatten_path() returns trigger language plpgsql as $$
begin
    insert into log.path_statuses
        (path, path_version, status, status_no, stage, stage_no, final, title)
    select new.name, new.version, x.status, x.status_no, x.stage, x.stage_no, x.final, x.title
    from json_to_recordset(new.body -> 'statuses') as x (
        status text, status_no integer, stage text, stage_no integer, final text, title jsonb);
    insert into log.path_transitions (path, path_version, from_status, to_status)
    select new.name, new.version, x.from_status, x.to_status
    from json_to_recordset(new.body -> 'transitions') as x (from_status text, to_status text);
    return null;
end $$;
create trigger flatten_path after insert on log.definitions
    for each row when (new.kind = 'path') execute function log.flatten_path();

-- Holds the head until the transaction ends: nobody else appends. A function, because the row
-- lock would take the right to update the row.
create function log.hold() returns void
language plpgsql volatile security definer set search_path = log, pg_temp as $$
begin
    -- With an older snapshot than the lock, what moved meanwhile would not be seen.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'the log needs read committed, not %', current_setting('transaction_isolation')
            using errcode = 'invalid_transaction_state';
    end if;
    perform 1 from log.head for update;
    if not found then
        raise exception 'log.head has no row: the log was damaged outside of Orderpath'
            using errcode = 'data_corrupted';
    end if;
end $$;

-- Appends one batch of decided commands, all or only those that read nothing stale.
--
--   ids       the command ids, in the order of `commands`
--   streams   [[stream_id, version], …]       what the batch read, by number from 0
--   reads     [[command, stream, wrote], …]   which command read (and wrote) which stream
--   commands  [{no, command_id, name, …}]     with the envelope of their events
--   events    [{no, command, stream_id, …}]   in the order of the batch
--   keys      [{key_id, subject_id, key}]     new keys of personal data
--
-- Under the head's lock every read version is compared with the log and every command id
-- with those answered before. A command that read a moved stream, or whose id is known, is
-- set back, and so is each later command that read what a set-back one wrote. The rest is
-- written. Positions follow from `after`: the n-th written event stands at after + n.
create function log.append(
    ids uuid[], streams json, reads json, commands json, events json, keys json,
    definitions json,
    out after bigint, out at timestamptz, out moved integer[], out known integer[],
    out set_back integer[]
)
language plpgsql volatile security definer set search_path = log, pg_temp as $$
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
        select e.position, e.stream_id, e.version, e.shard, e.type,
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
    ) s on s.command = c.no
    where c.outcome <> 'conflict';
end $$;

-- The commands that must be decided again: fixpoint of "read what a set-back one wrote".
create function log.set_back(reads json, moved integer[], known integer[])
returns integer[] language plpgsql stable set search_path = log, pg_temp as $$
#variable_conflict use_variable
declare
    found_now integer[] := known;
    found_next integer[];
begin
    loop
        with r as materialized (
            select (x ->> 0)::integer as command, (x ->> 1)::integer as stream,
                   (x ->> 2)::boolean as wrote
            from json_array_elements(reads) as x
        )
        select array(
            select r.command from r where r.stream = any (moved)
            union select unnest(known)
            union
            select later.command
            from r later join r earlier
              on earlier.stream = later.stream and earlier.wrote
             and earlier.command < later.command
            where earlier.command = any (found_now)
            order by 1
        ) into found_next;
        exit when cardinality(found_next) = cardinality(found_now);
        found_now := found_next;
    end loop;
    return found_next;
end $$;
