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
