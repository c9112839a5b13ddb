-- Keys of personal data are wrapped by a master key that is not in the database, and erasing a person
-- destroys them in the transaction of the event that says so. Source: docs/adr/0023-keys-and-erasure.md.

-- Which master keys there are, by ids that follow from the keys; never the keys.
create table log.master_keys (
    master_id  text        primary key check (master_id ~ '^[0-9a-f]{16}$'),
    is_current boolean     not null,
    used_since timestamptz not null default clock_timestamp(),
    retired_at timestamptz,
    check (not (is_current and retired_at is not null))
);
create unique index master_keys_current on log.master_keys (is_current) where is_current;
grant select on log.master_keys to orderpath_writer, orderpath_auditor;

-- A wrapped key: its form (1), the master key's id, a nonce, the key sealed with AES-256-GCM. Keys
-- that stand here in clear are wrapped at the next start, which holds the master key; nothing new
-- comes in like that from now on.
alter table log.keys add constraint keys_wrapped check (
    key is null or octet_length(key) = 69 and get_byte(key, 0) = 1) not valid;
do $$
begin
    if not exists (select from log.keys where key is not null) then
        alter table log.keys validate constraint keys_wrapped;
    end if;
end $$;

create function log.wrapping_of(key bytea) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(substr(key, 2, 8), 'hex')
$$;
create index keys_wrapping on log.keys (log.wrapping_of(key)) where key is not null;

-- Whoever has not heard of a new master key yet is told so, instead of adding to the old one's keys.
create function log.refuse_old_master() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform 1 from log.master_keys m
    where m.is_current and m.master_id = log.wrapping_of(new.key) for share;
    if not found then
        raise exception 'a key is wrapped by a master key that is not the current one'
            using errcode = 'OP001';
    end if;
    return new;
end $$;
create trigger current_master before insert or update of key on log.keys
    for each row when (new.key is not null) execute function log.refuse_old_master();

-- Makes a master key the current one, unless another one is by now; gives the one that is.
create function log.use_master_key(new_id text, instead_of text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    found_id text;
begin
    lock table log.master_keys in share row exclusive mode;
    select m.master_id into found_id from log.master_keys m where m.is_current;
    if found_id is not distinct from instead_of then
        update log.master_keys set is_current = false where is_current;
        insert into log.master_keys (master_id, is_current) values (new_id, true)
        on conflict (master_id) do update set is_current = true, retired_at = null;
        found_id := new_id;
    end if;
    return found_id;
end $$;

-- Notes that nobody needs a master key any more. False if it is the current one, or wraps keys still.
create function log.retire_master_key(old_id text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from log.keys k where log.wrapping_of(k.key) = old_id and k.key is not null) then
        return false;
    end if;
    update log.master_keys set retired_at = coalesce(retired_at, clock_timestamp())
    where master_id = old_id and not is_current;
    return found;
end $$;

-- Wraps keys anew: [{key_id, old, new}], both hexadecimal; what has changed meanwhile stays as it is.
create function log.rewrap(keys json) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    done integer;
begin
    update log.keys k set key = decode(x.new, 'hex')
    from json_to_recordset(keys) as x(key_id uuid, old text, new text)
    where k.key_id = x.key_id and k.key = decode(x.old, 'hex');
    get diagnostics done = row_count;
    return done;
end $$;

revoke execute on function log.wrapping_of, log.refuse_old_master, log.use_master_key,
    log.retire_master_key, log.rewrap from public;
grant execute on function log.wrapping_of, log.use_master_key, log.retire_master_key, log.rewrap
    to orderpath_writer;

-- How many erasures there were. Who writes with keys that were read holds the row, or the head of the
-- log, and says how many were known by then; who erases changes it.
create table log.erasing (
    one      boolean primary key default true check (one),
    erasures integer not null default 0
);
insert into log.erasing default values;

-- What was erased: the subjects of the keys, by ids, and the position of the event that says so.
create table log.erasures (
    erasure   integer     primary key,
    position  bigint      not null,
    subjects  text[]      not null,
    erased_at timestamptz not null
);
grant select on log.erasing, log.erasures to orderpath_writer, orderpath_auditor, orderpath_projector;

-- Destroys the keys of subjects, and the states that were sealed with them. The secret by which
-- customers are found is nobody's and stays.
create function log.destroy(subjects text[]) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    destroyed integer;
begin
    delete from log.snapshots s
    where s.stream_id = any (subjects) or s.key_id in (
        select k.key_id from log.keys k where k.subject_id = any (subjects));
    update log.keys k set key = null
    where k.subject_id = any (subjects) and k.key is not null
      and k.key_id <> '0dbbbc3f-384c-5236-a977-c0431a59d04e';
    get diagnostics destroyed = row_count;
    return destroyed;
end $$;

-- log.append, for whoever knows of so many erasures: if there were more, all of the batch is set back,
-- because it was decided on, and sealed for, somebody who is erased by now.
--
--   seen     how many are known
--   erasing  [{command, command_id, subjects}]   what is destroyed with which command
create function log.append_knowing(
    seen integer, erasing json,
    ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json,
    out after bigint, out at timestamptz, out moved integer[], out known integer[],
    out set_back integer[], out erasures integer, out stale boolean
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    wish record;
begin
    perform log.hold();
    select e.erasures into erasures from log.erasing e;
    stale := coalesce(seen <> erasures, false);
    if stale then
        after := coalesce((select max(e.position) from log.events e), 0);
        at := clock_timestamp();
        moved := '{}';
        known := array(
            select (i.no - 1)::integer
            from unnest(ids) with ordinality as i(command_id, no)
            join log.commands k using (command_id));
        set_back := array(select generate_series(0, cardinality(ids) - 1));
        return;
    end if;

    select a.after, a.at, a.moved, a.known, a.set_back into after, at, moved, known, set_back
    from log.append(ids, streams, reads, commands, events, keys, definitions) a;

    for wish in
        select x.subjects, c.first_position
        from json_to_recordset(erasing) as x(command integer, command_id uuid, subjects json)
        join log.commands c using (command_id)
        where x.command <> all (set_back)
        order by x.command
    loop
        update log.erasing e set erasures = e.erasures + 1 returning e.erasures into erasures;
        insert into log.erasures
        select erasures, wish.first_position, s.subjects, at
        from (select array(select json_array_elements_text(wish.subjects)) as subjects) s;
        perform log.destroy(e.subjects) from log.erasures e where e.erasure = erasures;
    end loop;
end $$;

-- As before, for whoever knows of so many erasures; with more of them nothing is kept, and false given.
drop function log.keep_states(json, json);
create function log.keep_states(states json, keys json, seen integer) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms' as $$
#variable_conflict use_variable
begin
    perform 1 from log.erasing e where e.erasures = seen for share;
    if not found then
        return false;
    end if;

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
    return true;
end $$;

-- A key comes in before an erasure, which then destroys it, or behind it.
create or replace function ops.keep_key(key_id uuid, subject_id text, key bytea) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select 1 from log.erasing for share;
    insert into log.keys (key_id, subject_id, key) values (key_id, subject_id, key)
    on conflict do nothing
$$;

-- Says whether anything of these is sealed with a key that is there still.
create function log.holds_keys(subjects text[]) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from log.keys k where k.subject_id = any (subjects) and k.key is not null
          and k.key_id <> '0dbbbc3f-384c-5236-a977-c0431a59d04e')
$$;

-- Destroys again what was erased: keys that came back with a backup of log.keys. Gives how many.
create function log.erase_again() returns integer
language sql volatile set search_path = pg_catalog, pg_temp as $$
    with came_back as (
        update log.keys k set key = null
        from log.erasures e
        where k.subject_id = any (e.subjects) and k.created_at <= e.erased_at
          and k.key is not null and k.key_id <> '0dbbbc3f-384c-5236-a977-c0431a59d04e'
        returning k.key_id
    )
    select count(*)::integer from came_back
$$;

revoke execute on function log.destroy, log.append_knowing, log.keep_states, log.holds_keys,
    log.erase_again from public;
grant execute on function log.append_knowing, log.keep_states, log.holds_keys to orderpath_writer;

-- How far the topic of commands, which holds them as they were sent, is swept of what was erased: a
-- row comes with the first look at Kafka behind the erasure, and is done once all that stood there by
-- then is deleted. No row: nobody has looked, or there is no Kafka.
create table ops.sweeps (
    erasure integer     primary key references log.erasures,
    ends    jsonb       not null, -- partition -> offset behind what stood there
    done_at timestamptz
);
grant select, insert, update on ops.sweeps to orderpath_writer;
