--
-- PostgreSQL database dump
--

--
-- Name: analytics; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA analytics;

ALTER SCHEMA analytics OWNER TO postgres;

--
-- Name: audit; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA audit;

ALTER SCHEMA audit OWNER TO postgres;

--
-- Name: live; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA live;

ALTER SCHEMA live OWNER TO postgres;

--
-- Name: log; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA log;

ALTER SCHEMA log OWNER TO postgres;

--
-- Name: ops; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA ops;

ALTER SCHEMA ops OWNER TO postgres;

--
-- Name: projection; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA projection;

ALTER SCHEMA projection OWNER TO postgres;

--
-- Name: seen; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA seen;

ALTER SCHEMA seen OWNER TO postgres;

--
-- Name: sighted; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA sighted;

ALTER SCHEMA sighted OWNER TO postgres;

--
-- Name: add_head(json, json, json); Type: FUNCTION; Schema: audit; Owner: postgres
--

CREATE FUNCTION audit.add_head(head json, leaves json, nodes json) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    made audit.heads;
    last audit.heads;
begin
    perform pg_catalog.pg_advisory_xact_lock(5207181);
    made := json_populate_record(null::audit.heads, head);
    select * into last from audit.heads h order by h.number desc limit 1;
    if made.number <> coalesce(last.number, 0) + 1
        or made.size < coalesce(last.size, 0)
        or made.commands_size < coalesce(last.commands_size, 0)
        or made.key_id is distinct from (
            select k.key_id from audit.keys k order by k.number desc limit 1)
    then
        return false;
    end if;
    insert into audit.heads select made.*;
    insert into audit.leaves (tree, first, head, hashes)
    select l.tree, l.first, made.number, decode(l.hashes, 'hex')
    from json_to_recordset(leaves) as l(tree text, first bigint, hashes text);
    insert into audit.nodes (tree, level, index, hash)
    select n.tree, n.level, n.index, decode(n.hash, 'hex')
    from json_to_recordset(nodes) as n(tree text, level smallint, index bigint, hash text);
    return true;
end $$;

ALTER FUNCTION audit.add_head(head json, leaves json, nodes json) OWNER TO postgres;

--
-- Name: add_key(integer, text, bytea, timestamp with time zone, bytea); Type: FUNCTION; Schema: audit; Owner: postgres
--

CREATE FUNCTION audit.add_key(number integer, key_id text, public_key bytea, added_at timestamp with time zone, signature bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
    perform pg_catalog.pg_advisory_xact_lock(5207181);
    if number <> (select coalesce(max(k.number), 0) + 1 from audit.keys k) then
        return false;
    end if;
    insert into audit.keys values (number, key_id, public_key, added_at, signature);
    return true;
end $$;

ALTER FUNCTION audit.add_key(number integer, key_id text, public_key bytea, added_at timestamp with time zone, signature bytea) OWNER TO postgres;

--
-- Name: lead(); Type: FUNCTION; Schema: audit; Owner: postgres
--

CREATE FUNCTION audit.lead() RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select pg_catalog.pg_try_advisory_xact_lock(5207181)
$$;

ALTER FUNCTION audit.lead() OWNER TO postgres;

--
-- Name: append(uuid[], json, json, json, json, json, json); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.append(ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.append(ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[]) OWNER TO postgres;

--
-- Name: append_knowing(integer, json, uuid[], json, json, json, json, json, json); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.append_knowing(seen integer, erasing json, ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[], OUT erasures integer, OUT stale boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.append_knowing(seen integer, erasing json, ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[], OUT erasures integer, OUT stale boolean) OWNER TO postgres;

--
-- Name: destroy(text[]); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.destroy(subjects text[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.destroy(subjects text[]) OWNER TO postgres;

--
-- Name: erase_again(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.erase_again() RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with came_back as (
        update log.keys k set key = null
        from log.erasures e
        where k.subject_id = any (e.subjects) and k.created_at <= e.erased_at
          and k.key is not null and k.key_id <> '0dbbbc3f-384c-5236-a977-c0431a59d04e'
        returning k.key_id
    )
    select count(*)::integer from came_back
$$;

ALTER FUNCTION log.erase_again() OWNER TO postgres;

--
-- Name: flatten_path(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.flatten_path() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION log.flatten_path() OWNER TO postgres;

--
-- Name: hold(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.hold() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.hold() OWNER TO postgres;

--
-- Name: holds_keys(text[]); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.holds_keys(subjects text[]) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select exists (
        select from log.keys k where k.subject_id = any (subjects) and k.key is not null
          and k.key_id <> '0dbbbc3f-384c-5236-a977-c0431a59d04e')
$$;

ALTER FUNCTION log.holds_keys(subjects text[]) OWNER TO postgres;

--
-- Name: keep_states(json, json, integer); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.keep_states(states json, keys json, seen integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
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

ALTER FUNCTION log.keep_states(states json, keys json, seen integer) OWNER TO postgres;

--
-- Name: opens(uuid, text); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.opens(wanted uuid, stream text) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO 'log', 'pg_temp'
    AS $$
    select k.key from log.keys k
    where k.key_id = wanted and not exists (
        select from log.keys destroyed
        where destroyed.subject_id in (k.subject_id, stream) and destroyed.key is null)
$$;

ALTER FUNCTION log.opens(wanted uuid, stream text) OWNER TO postgres;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% on %.% is refused: the log is immutable', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege',
              hint = 'Correct a wrong fact with a new event: orderpath order correct';
end $$;

ALTER FUNCTION log.refuse_change() OWNER TO postgres;

--
-- Name: refuse_old_master(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.refuse_old_master() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform 1 from log.master_keys m
    where m.is_current and m.master_id = log.wrapping_of(new.key) for share;
    if not found then
        raise exception 'a key is wrapped by a master key that is not the current one'
            using errcode = 'OP001';
    end if;
    return new;
end $$;

ALTER FUNCTION log.refuse_old_master() OWNER TO postgres;

--
-- Name: restored(); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.restored() RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    update log.head set epoch = epoch + 1 returning epoch
$$;

ALTER FUNCTION log.restored() OWNER TO postgres;

--
-- Name: retire_master_key(text); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.retire_master_key(old_id text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if exists (select from log.keys k where log.wrapping_of(k.key) = old_id and k.key is not null) then
        return false;
    end if;
    update log.master_keys set retired_at = coalesce(retired_at, clock_timestamp())
    where master_id = old_id and not is_current;
    return found;
end $$;

ALTER FUNCTION log.retire_master_key(old_id text) OWNER TO postgres;

--
-- Name: rewrap(json); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.rewrap(keys json) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    done integer;
begin
    update log.keys k set key = decode(x.new, 'hex')
    from json_to_recordset(keys) as x(key_id uuid, old text, new text)
    where k.key_id = x.key_id and k.key = decode(x.old, 'hex');
    get diagnostics done = row_count;
    return done;
end $$;

ALTER FUNCTION log.rewrap(keys json) OWNER TO postgres;

--
-- Name: set_back(json, integer[], integer[]); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.set_back(reads json, moved integer[], known integer[]) RETURNS integer[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.set_back(reads json, moved integer[], known integer[]) OWNER TO postgres;

--
-- Name: use_master_key(text, text); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.use_master_key(new_id text, instead_of text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION log.use_master_key(new_id text, instead_of text) OWNER TO postgres;

--
-- Name: wrapping_of(bytea); Type: FUNCTION; Schema: log; Owner: postgres
--

CREATE FUNCTION log.wrapping_of(key bytea) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select encode(substr(key, 2, 8), 'hex')
$$;

ALTER FUNCTION log.wrapping_of(key bytea) OWNER TO postgres;

--
-- Name: keep_key(uuid, text, bytea); Type: FUNCTION; Schema: ops; Owner: postgres
--

CREATE FUNCTION ops.keep_key(key_id uuid, subject_id text, key bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select 1 from log.erasing for share;
    insert into log.keys (key_id, subject_id, key) values (key_id, subject_id, key)
    on conflict do nothing
$$;

ALTER FUNCTION ops.keep_key(key_id uuid, subject_id text, key bytea) OWNER TO postgres;

--
-- Name: create_schema(text); Type: FUNCTION; Schema: projection; Owner: postgres
--

CREATE FUNCTION projection.create_schema(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    if name !~ '^p_[a-z_]+_[0-9]+$' then
        raise exception '% is no name for the schema of a build', name
            using errcode = 'invalid_schema_name';
    end if;
    execute format('create schema %I authorization orderpath_projector', name);
end $_$;

ALTER FUNCTION projection.create_schema(name text) OWNER TO postgres;

--
-- Name: note_event(); Type: FUNCTION; Schema: projection; Owner: postgres
--

CREATE FUNCTION projection.note_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    new.recorded_at := (select e.recorded_at from log.events e where e.position = new.position);
    return new;
end $$;

ALTER FUNCTION projection.note_event() OWNER TO postgres;

--
-- Name: heads; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.heads (
    number bigint NOT NULL,
    log_id uuid NOT NULL,
    epoch integer NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    commands_size bigint NOT NULL,
    commands_root bytea NOT NULL,
    last_command bigint NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    key_id text NOT NULL,
    previous bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT heads_commands_root_check CHECK ((length(commands_root) = 32)),
    CONSTRAINT heads_commands_size_check CHECK ((commands_size >= 0)),
    CONSTRAINT heads_number_check CHECK ((number > 0)),
    CONSTRAINT heads_previous_check CHECK ((length(previous) = 32)),
    CONSTRAINT heads_root_check CHECK ((length(root) = 32)),
    CONSTRAINT heads_signature_check CHECK ((length(signature) = 64)),
    CONSTRAINT heads_size_check CHECK ((size >= 0))
);

ALTER TABLE audit.heads OWNER TO postgres;

--
-- Name: keys; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.keys (
    number integer NOT NULL,
    key_id text NOT NULL,
    public_key bytea NOT NULL,
    added_at timestamp with time zone NOT NULL,
    signature bytea,
    CONSTRAINT keys_key_id_check CHECK ((key_id ~ '^[0-9a-f]{32}$'::text)),
    CONSTRAINT keys_number_check CHECK ((number > 0)),
    CONSTRAINT keys_public_key_check CHECK ((length(public_key) = 32)),
    CONSTRAINT keys_signature_check CHECK ((length(signature) = 64))
);

ALTER TABLE audit.keys OWNER TO postgres;

--
-- Name: leaves; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.leaves (
    tree text NOT NULL,
    first bigint NOT NULL,
    head bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT leaves_first_check CHECK ((first >= 0)),
    CONSTRAINT leaves_hashes_check CHECK (((length(hashes) > 0) AND ((length(hashes) % 32) = 0))),
    CONSTRAINT leaves_tree_check CHECK ((tree = ANY (ARRAY['events'::text, 'commands'::text])))
);
ALTER TABLE ONLY audit.leaves ALTER COLUMN hashes SET STORAGE EXTERNAL;

ALTER TABLE audit.leaves OWNER TO postgres;

--
-- Name: nodes; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.nodes (
    tree text NOT NULL,
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT nodes_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT nodes_index_check CHECK ((index >= 0)),
    CONSTRAINT nodes_level_check CHECK ((level >= 8)),
    CONSTRAINT nodes_tree_check CHECK ((tree = ANY (ARRAY['events'::text, 'commands'::text])))
);

ALTER TABLE audit.nodes OWNER TO postgres;

--
-- Name: restores; Type: TABLE; Schema: audit; Owner: postgres
--

CREATE TABLE audit.restores (
    epoch integer NOT NULL,
    log_id uuid NOT NULL,
    after bigint NOT NULL,
    said_at timestamp with time zone NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT restores_after_check CHECK ((after >= 0)),
    CONSTRAINT restores_epoch_check CHECK ((epoch > 1)),
    CONSTRAINT restores_signature_check CHECK ((length(signature) = 64))
);

ALTER TABLE audit.restores OWNER TO postgres;

--
-- Name: commands; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.commands (
    command_id uuid NOT NULL,
    name text NOT NULL,
    body_hash bytea NOT NULL,
    outcome text NOT NULL,
    first_position bigint,
    last_position bigint,
    versions jsonb DEFAULT '{}'::jsonb NOT NULL,
    unmet jsonb DEFAULT '[]'::jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT commands_check CHECK (((outcome = 'accepted'::text) = (first_position IS NOT NULL))),
    CONSTRAINT commands_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'refused'::text, 'nothing'::text])))
);

ALTER TABLE log.commands OWNER TO postgres;

--
-- Name: command_numbers; Type: SEQUENCE; Schema: log; Owner: postgres
--

CREATE SEQUENCE log.command_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE log.command_numbers OWNER TO postgres;

--
-- Name: command_numbers; Type: SEQUENCE OWNED BY; Schema: log; Owner: postgres
--

ALTER SEQUENCE log.command_numbers OWNED BY log.commands.number;

--
-- Name: definitions; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.definitions (
    kind text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    content_hash text NOT NULL,
    body json NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE log.definitions OWNER TO postgres;

--
-- Name: erasing; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.erasing (
    one boolean DEFAULT true NOT NULL,
    erasures integer DEFAULT 0 NOT NULL,
    CONSTRAINT erasing_one_check CHECK (one)
);

ALTER TABLE log.erasing OWNER TO postgres;

--
-- Name: erasures; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.erasures (
    erasure integer NOT NULL,
    "position" bigint NOT NULL,
    subjects text[] NOT NULL,
    erased_at timestamp with time zone NOT NULL
);

ALTER TABLE log.erasures OWNER TO postgres;

--
-- Name: events; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.events (
    "position" bigint NOT NULL,
    stream_id text NOT NULL,
    version integer NOT NULL,
    shard smallint NOT NULL,
    type text NOT NULL,
    payload bytea NOT NULL,
    fact_id uuid,
    subject_id text,
    key_id uuid,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    on_behalf_of text,
    reason text,
    source text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT events_position_check CHECK (("position" > 0)),
    CONSTRAINT events_shard_check CHECK (((shard >= 0) AND (shard <= 15)))
);

ALTER TABLE log.events OWNER TO postgres;

--
-- Name: head; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.head (
    one boolean DEFAULT true NOT NULL,
    log_id uuid DEFAULT gen_random_uuid() NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    CONSTRAINT head_one_check CHECK (one)
);

ALTER TABLE log.head OWNER TO postgres;

--
-- Name: keys; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.keys (
    key_id uuid NOT NULL,
    subject_id text NOT NULL,
    key bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT keys_wrapped CHECK (((key IS NULL) OR ((octet_length(key) = 69) AND (get_byte(key, 0) = 1))))
);

ALTER TABLE log.keys OWNER TO postgres;

--
-- Name: master_keys; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.master_keys (
    master_id text NOT NULL,
    is_current boolean NOT NULL,
    used_since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT master_keys_check CHECK ((NOT (is_current AND (retired_at IS NOT NULL)))),
    CONSTRAINT master_keys_master_id_check CHECK ((master_id ~ '^[0-9a-f]{16}$'::text))
);

ALTER TABLE log.master_keys OWNER TO postgres;

--
-- Name: path_statuses; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.path_statuses (
    path text NOT NULL,
    path_version integer NOT NULL,
    status text NOT NULL,
    status_no integer NOT NULL,
    stage text NOT NULL,
    stage_no integer NOT NULL,
    final text,
    title jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE log.path_statuses OWNER TO postgres;

--
-- Name: path_transitions; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.path_transitions (
    path text NOT NULL,
    path_version integer NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL
);

ALTER TABLE log.path_transitions OWNER TO postgres;

--
-- Name: snapshots; Type: TABLE; Schema: log; Owner: postgres
--

CREATE TABLE log.snapshots (
    stream_id text NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    state bytea NOT NULL,
    key_id uuid,
    recorded_at timestamp with time zone
);

ALTER TABLE log.snapshots OWNER TO postgres;

--
-- Name: accesses; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.accesses (
    access_id bigint NOT NULL,
    minute timestamp with time zone NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    on_behalf_of text,
    question text NOT NULL,
    subject text,
    subjects integer NOT NULL,
    times integer NOT NULL,
    CONSTRAINT accesses_subjects_check CHECK ((subjects > 0)),
    CONSTRAINT accesses_times_check CHECK ((times > 0))
);

ALTER TABLE ops.accesses OWNER TO postgres;

--
-- Name: accesses_access_id_seq; Type: SEQUENCE; Schema: ops; Owner: postgres
--

ALTER TABLE ops.accesses ALTER COLUMN access_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.accesses_access_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: acting; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.acting (
    shard smallint NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ops.acting OWNER TO postgres;

--
-- Name: acting_left_out; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.acting_left_out (
    command_id uuid NOT NULL,
    left_out_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ops.acting_left_out OWNER TO postgres;

--
-- Name: acting_passed; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.acting_passed (
    stream_id text NOT NULL,
    shard smallint NOT NULL,
    "position" bigint NOT NULL,
    act_no integer DEFAULT 0 NOT NULL,
    rule text,
    again_at timestamp with time zone
);

ALTER TABLE ops.acting_passed OWNER TO postgres;

--
-- Name: api_key_uses; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.api_key_uses (
    name text NOT NULL,
    last_used_at timestamp with time zone NOT NULL
);

ALTER TABLE ops.api_key_uses OWNER TO postgres;

--
-- Name: api_keys; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.api_keys (
    prefix text NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_keys_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT api_keys_prefix_check CHECK ((prefix ~ '^[a-z0-9]{12}$'::text))
);

ALTER TABLE ops.api_keys OWNER TO postgres;

--
-- Name: asked_hours; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.asked_hours (
    rule text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    rule_version integer NOT NULL,
    build integer NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE ops.asked_hours OWNER TO postgres;

--
-- Name: batch_orders; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.batch_orders (
    batch_id uuid NOT NULL,
    no integer NOT NULL,
    order_id uuid NOT NULL,
    body jsonb NOT NULL
);

ALTER TABLE ops.batch_orders OWNER TO postgres;

--
-- Name: batches; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.batches (
    batch_id uuid NOT NULL,
    command text NOT NULL,
    body jsonb NOT NULL,
    selection jsonb NOT NULL,
    actor jsonb NOT NULL,
    source text NOT NULL,
    key_id uuid,
    reason text,
    undoes uuid,
    orders integer NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT batches_check CHECK (((key_id IS NULL) = (reason IS NULL))),
    CONSTRAINT batches_orders_check CHECK (((orders >= 0) AND (orders <= 100000)))
);

ALTER TABLE ops.batches OWNER TO postgres;

--
-- Name: clock; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.clock (
    part smallint NOT NULL,
    CONSTRAINT clock_part_check CHECK (((part >= 0) AND (part <= 15)))
);

ALTER TABLE ops.clock OWNER TO postgres;

--
-- Name: command_keys; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.command_keys (
    only_row boolean DEFAULT true NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT command_keys_only_row_check CHECK (only_row),
    CONSTRAINT command_keys_secret_check CHECK ((length(secret) = 32))
);

ALTER TABLE ops.command_keys OWNER TO postgres;

--
-- Name: import_runs; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.import_runs (
    run_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    files text[] NOT NULL,
    mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    orders_done bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    report jsonb,
    CONSTRAINT import_runs_kind_check CHECK ((kind = ANY (ARRAY['olist'::text, 'log'::text])))
);

ALTER TABLE ops.import_runs OWNER TO postgres;

--
-- Name: pace; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.pace (
    channel text NOT NULL,
    free_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

ALTER TABLE ops.pace OWNER TO postgres;

--
-- Name: quarantine; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.quarantine (
    row_id uuid NOT NULL,
    run_id uuid NOT NULL,
    source text NOT NULL,
    table_name text NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    column_name text,
    message text NOT NULL,
    order_id uuid,
    state text DEFAULT 'open'::text NOT NULL,
    fixed boolean DEFAULT false NOT NULL,
    key_id uuid NOT NULL,
    sealed text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT quarantine_state_check CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])))
);

ALTER TABLE ops.quarantine OWNER TO postgres;

--
-- Name: relay; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.relay (
    lane text NOT NULL,
    log_id uuid NOT NULL,
    epoch integer NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ops.relay OWNER TO postgres;

--
-- Name: sending; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.sending (
    effect_id uuid NOT NULL,
    attempt integer NOT NULL,
    sender uuid NOT NULL,
    until timestamp with time zone NOT NULL
);

ALTER TABLE ops.sending OWNER TO postgres;

--
-- Name: sweeps; Type: TABLE; Schema: ops; Owner: postgres
--

CREATE TABLE ops.sweeps (
    erasure integer NOT NULL,
    ends jsonb NOT NULL,
    done_at timestamp with time zone
);

ALTER TABLE ops.sweeps OWNER TO postgres;

--
-- Name: builds; Type: TABLE; Schema: projection; Owner: postgres
--

CREATE TABLE projection.builds (
    build integer NOT NULL,
    projection text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    driver text DEFAULT 'follower'::text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    live_since timestamp with time zone,
    readers text[],
    CONSTRAINT builds_driver_check CHECK ((driver = ANY (ARRAY['follower'::text, 'workers'::text]))),
    CONSTRAINT builds_state_check CHECK ((state = ANY (ARRAY['live'::text, 'retired'::text, 'rebuilding'::text, 'scratch'::text])))
);

ALTER TABLE projection.builds OWNER TO postgres;

--
-- Name: builds_build_seq; Type: SEQUENCE; Schema: projection; Owner: postgres
--

ALTER TABLE projection.builds ALTER COLUMN build ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME projection.builds_build_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: checkpoints; Type: TABLE; Schema: projection; Owner: postgres
--

CREATE TABLE projection.checkpoints (
    projection text NOT NULL,
    build integer NOT NULL,
    shard smallint NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    log_id uuid NOT NULL,
    epoch integer NOT NULL,
    recorded_at timestamp with time zone,
    CONSTRAINT checkpoints_shard_check CHECK (((shard >= 0) AND (shard <= 15)))
)
WITH (fillfactor='50');

ALTER TABLE projection.checkpoints OWNER TO postgres;

--
-- Name: installed; Type: TABLE; Schema: projection; Owner: postgres
--

CREATE TABLE projection.installed (
    part text NOT NULL,
    version integer NOT NULL,
    fingerprint text NOT NULL
);

ALTER TABLE projection.installed OWNER TO postgres;

--
-- Name: parked; Type: TABLE; Schema: projection; Owner: postgres
--

CREATE TABLE projection.parked (
    build integer NOT NULL,
    projection text NOT NULL,
    stream_id text NOT NULL,
    shard smallint NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    error text NOT NULL,
    waiting integer DEFAULT 1 NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE projection.parked OWNER TO postgres;

--
-- Name: progress; Type: VIEW; Schema: projection; Owner: postgres
--

CREATE VIEW projection.progress AS
 SELECT c.projection,
    c.build,
    c.shard,
    c."position",
    r.replaced,
    ( SELECT min(e."position") AS min
           FROM log.events e
          WHERE ((e.shard = c.shard) AND (e."position" >
                CASE
                    WHEN r.replaced THEN (0)::bigint
                    ELSE c."position"
                END))) AS next_position
   FROM ((projection.checkpoints c
     CROSS JOIN log.head h)
     CROSS JOIN LATERAL ( SELECT (((h.log_id <> c.log_id) OR (h.epoch <> c.epoch)) OR ((c."position" > 0) AND (NOT (EXISTS ( SELECT
                   FROM log.events e
                  WHERE ((e."position" = c."position") AND (e.recorded_at = c.recorded_at))))))) AS replaced) r);

ALTER VIEW projection.progress OWNER TO postgres;

--
-- Name: commands number; Type: DEFAULT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.commands ALTER COLUMN number SET DEFAULT nextval('log.command_numbers'::regclass);

--
-- Name: heads heads_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.heads
    ADD CONSTRAINT heads_pkey PRIMARY KEY (number);

--
-- Name: keys keys_key_id_key; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.keys
    ADD CONSTRAINT keys_key_id_key UNIQUE (key_id);

--
-- Name: keys keys_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (number);

--
-- Name: leaves leaves_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.leaves
    ADD CONSTRAINT leaves_pkey PRIMARY KEY (tree, first);

--
-- Name: nodes nodes_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (tree, level, index);

--
-- Name: restores restores_pkey; Type: CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.restores
    ADD CONSTRAINT restores_pkey PRIMARY KEY (epoch);

--
-- Name: commands commands_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (command_id);

--
-- Name: definitions definitions_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.definitions
    ADD CONSTRAINT definitions_pkey PRIMARY KEY (kind, name, version);

--
-- Name: erasing erasing_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.erasing
    ADD CONSTRAINT erasing_pkey PRIMARY KEY (one);

--
-- Name: erasures erasures_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (erasure);

--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");

--
-- Name: events events_stream_id_version_key; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.events
    ADD CONSTRAINT events_stream_id_version_key UNIQUE (stream_id, version);

--
-- Name: head head_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (one);

--
-- Name: keys keys_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (key_id);

--
-- Name: master_keys master_keys_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.master_keys
    ADD CONSTRAINT master_keys_pkey PRIMARY KEY (master_id);

--
-- Name: path_statuses path_statuses_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.path_statuses
    ADD CONSTRAINT path_statuses_pkey PRIMARY KEY (path, path_version, status);

--
-- Name: path_transitions path_transitions_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.path_transitions
    ADD CONSTRAINT path_transitions_pkey PRIMARY KEY (path, path_version, from_status, to_status);

--
-- Name: snapshots snapshots_pkey; Type: CONSTRAINT; Schema: log; Owner: postgres
--

ALTER TABLE ONLY log.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (stream_id, version);

--
-- Name: accesses accesses_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (access_id);

--
-- Name: acting_left_out acting_left_out_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.acting_left_out
    ADD CONSTRAINT acting_left_out_pkey PRIMARY KEY (command_id);

--
-- Name: acting_passed acting_passed_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.acting_passed
    ADD CONSTRAINT acting_passed_pkey PRIMARY KEY (stream_id);

--
-- Name: acting acting_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.acting
    ADD CONSTRAINT acting_pkey PRIMARY KEY (shard);

--
-- Name: api_key_uses api_key_uses_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.api_key_uses
    ADD CONSTRAINT api_key_uses_pkey PRIMARY KEY (name);

--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (prefix);

--
-- Name: asked_hours asked_hours_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.asked_hours
    ADD CONSTRAINT asked_hours_pkey PRIMARY KEY (rule, due_at);

--
-- Name: batch_orders batch_orders_batch_id_order_id_key; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.batch_orders
    ADD CONSTRAINT batch_orders_batch_id_order_id_key UNIQUE (batch_id, order_id);

--
-- Name: batch_orders batch_orders_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.batch_orders
    ADD CONSTRAINT batch_orders_pkey PRIMARY KEY (batch_id, no);

--
-- Name: batches batches_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (batch_id);

--
-- Name: clock clock_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (part);

--
-- Name: command_keys command_keys_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.command_keys
    ADD CONSTRAINT command_keys_pkey PRIMARY KEY (only_row);

--
-- Name: import_runs import_runs_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.import_runs
    ADD CONSTRAINT import_runs_pkey PRIMARY KEY (run_id);

--
-- Name: pace pace_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.pace
    ADD CONSTRAINT pace_pkey PRIMARY KEY (channel);

--
-- Name: quarantine quarantine_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (row_id);

--
-- Name: relay relay_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (lane);

--
-- Name: sending sending_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.sending
    ADD CONSTRAINT sending_pkey PRIMARY KEY (effect_id);

--
-- Name: sweeps sweeps_pkey; Type: CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.sweeps
    ADD CONSTRAINT sweeps_pkey PRIMARY KEY (erasure);

--
-- Name: builds builds_pkey; Type: CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.builds
    ADD CONSTRAINT builds_pkey PRIMARY KEY (build);

--
-- Name: checkpoints checkpoints_pkey; Type: CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, build, shard);

--
-- Name: installed installed_pkey; Type: CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.installed
    ADD CONSTRAINT installed_pkey PRIMARY KEY (part);

--
-- Name: parked parked_pkey; Type: CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (build, stream_id);

--
-- Name: heads_size; Type: INDEX; Schema: audit; Owner: postgres
--

CREATE INDEX heads_size ON audit.heads USING btree (size);

--
-- Name: commands_number; Type: INDEX; Schema: log; Owner: postgres
--

CREATE UNIQUE INDEX commands_number ON log.commands USING btree (number);

--
-- Name: events_actor; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX events_actor ON log.events USING btree (actor_id, "position") INCLUDE (actor_kind);

--
-- Name: events_fact_id; Type: INDEX; Schema: log; Owner: postgres
--

CREATE UNIQUE INDEX events_fact_id ON log.events USING btree (fact_id) WHERE (fact_id IS NOT NULL);

--
-- Name: events_on_behalf_of; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX events_on_behalf_of ON log.events USING btree (on_behalf_of, "position") WHERE (on_behalf_of IS NOT NULL);

--
-- Name: events_shard_position; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX events_shard_position ON log.events USING btree (shard, "position");

--
-- Name: events_subject; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX events_subject ON log.events USING btree (subject_id, stream_id) WHERE ((subject_id <> stream_id) AND starts_with(stream_id, 'order-'::text));

--
-- Name: keys_subject; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX keys_subject ON log.keys USING btree (subject_id);

--
-- Name: keys_wrapping; Type: INDEX; Schema: log; Owner: postgres
--

CREATE INDEX keys_wrapping ON log.keys USING btree (log.wrapping_of(key)) WHERE (key IS NOT NULL);

--
-- Name: master_keys_current; Type: INDEX; Schema: log; Owner: postgres
--

CREATE UNIQUE INDEX master_keys_current ON log.master_keys USING btree (is_current) WHERE is_current;

--
-- Name: accesses_actor; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX accesses_actor ON ops.accesses USING btree (actor_id, access_id DESC);

--
-- Name: accesses_once; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE UNIQUE INDEX accesses_once ON ops.accesses USING btree (minute, actor_kind, actor_id, on_behalf_of, question, subject) NULLS NOT DISTINCT;

--
-- Name: accesses_subject; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX accesses_subject ON ops.accesses USING btree (subject, access_id DESC);

--
-- Name: acting_passed_shard; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX acting_passed_shard ON ops.acting_passed USING btree (shard, "position");

--
-- Name: batches_begun_at; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX batches_begun_at ON ops.batches USING btree (begun_at DESC, batch_id);

--
-- Name: quarantine_state; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX quarantine_state ON ops.quarantine USING btree (state, source, first_seen, row_id);

--
-- Name: sending_until; Type: INDEX; Schema: ops; Owner: postgres
--

CREATE INDEX sending_until ON ops.sending USING btree (until);

--
-- Name: builds_one_live; Type: INDEX; Schema: projection; Owner: postgres
--

CREATE UNIQUE INDEX builds_one_live ON projection.builds USING btree (projection) WHERE (state = 'live'::text);

--
-- Name: builds_one_rebuilding; Type: INDEX; Schema: projection; Owner: postgres
--

CREATE UNIQUE INDEX builds_one_rebuilding ON projection.builds USING btree (projection) WHERE (state = 'rebuilding'::text);

--
-- Name: heads immutable; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON audit.heads FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.heads ENABLE ALWAYS TRIGGER immutable;

--
-- Name: keys immutable; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON audit.keys FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.keys ENABLE ALWAYS TRIGGER immutable;

--
-- Name: leaves immutable; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON audit.leaves FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.leaves ENABLE ALWAYS TRIGGER immutable;

--
-- Name: nodes immutable; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON audit.nodes FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.nodes ENABLE ALWAYS TRIGGER immutable;

--
-- Name: restores immutable; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON audit.restores FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.restores ENABLE ALWAYS TRIGGER immutable;

--
-- Name: heads immutable_all; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON audit.heads FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.heads ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: keys immutable_all; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON audit.keys FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.keys ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: leaves immutable_all; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON audit.leaves FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.leaves ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: nodes immutable_all; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON audit.nodes FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.nodes ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: restores immutable_all; Type: TRIGGER; Schema: audit; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON audit.restores FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE audit.restores ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: keys current_master; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER current_master BEFORE INSERT OR UPDATE OF key ON log.keys FOR EACH ROW WHEN ((new.key IS NOT NULL)) EXECUTE FUNCTION log.refuse_old_master();

--
-- Name: definitions flatten_path; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER flatten_path AFTER INSERT ON log.definitions FOR EACH ROW WHEN ((new.kind = 'path'::text)) EXECUTE FUNCTION log.flatten_path();

--
-- Name: commands immutable; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON log.commands FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.commands ENABLE ALWAYS TRIGGER immutable;

--
-- Name: definitions immutable; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON log.definitions FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.definitions ENABLE ALWAYS TRIGGER immutable;

--
-- Name: events immutable; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON log.events FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.events ENABLE ALWAYS TRIGGER immutable;

--
-- Name: path_statuses immutable; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON log.path_statuses FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.path_statuses ENABLE ALWAYS TRIGGER immutable;

--
-- Name: path_transitions immutable; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable BEFORE DELETE OR UPDATE ON log.path_transitions FOR EACH ROW EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.path_transitions ENABLE ALWAYS TRIGGER immutable;

--
-- Name: commands immutable_all; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON log.commands FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.commands ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: definitions immutable_all; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON log.definitions FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.definitions ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: events immutable_all; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON log.events FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.events ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: path_statuses immutable_all; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON log.path_statuses FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.path_statuses ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: path_transitions immutable_all; Type: TRIGGER; Schema: log; Owner: postgres
--

CREATE TRIGGER immutable_all BEFORE TRUNCATE ON log.path_transitions FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.path_transitions ENABLE ALWAYS TRIGGER immutable_all;

--
-- Name: checkpoints note_event; Type: TRIGGER; Schema: projection; Owner: postgres
--

CREATE TRIGGER note_event BEFORE UPDATE ON projection.checkpoints FOR EACH ROW WHEN ((new."position" <> old."position")) EXECUTE FUNCTION projection.note_event();

--
-- Name: heads heads_key_id_fkey; Type: FK CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.heads
    ADD CONSTRAINT heads_key_id_fkey FOREIGN KEY (key_id) REFERENCES audit.keys(key_id);

--
-- Name: leaves leaves_head_fkey; Type: FK CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.leaves
    ADD CONSTRAINT leaves_head_fkey FOREIGN KEY (head) REFERENCES audit.heads(number);

--
-- Name: restores restores_key_id_fkey; Type: FK CONSTRAINT; Schema: audit; Owner: postgres
--

ALTER TABLE ONLY audit.restores
    ADD CONSTRAINT restores_key_id_fkey FOREIGN KEY (key_id) REFERENCES audit.keys(key_id);

--
-- Name: batch_orders batch_orders_batch_id_fkey; Type: FK CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.batch_orders
    ADD CONSTRAINT batch_orders_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES ops.batches(batch_id);

--
-- Name: batches batches_undoes_fkey; Type: FK CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.batches
    ADD CONSTRAINT batches_undoes_fkey FOREIGN KEY (undoes) REFERENCES ops.batches(batch_id);

--
-- Name: quarantine quarantine_run_id_fkey; Type: FK CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.quarantine
    ADD CONSTRAINT quarantine_run_id_fkey FOREIGN KEY (run_id) REFERENCES ops.import_runs(run_id);

--
-- Name: sweeps sweeps_erasure_fkey; Type: FK CONSTRAINT; Schema: ops; Owner: postgres
--

ALTER TABLE ONLY ops.sweeps
    ADD CONSTRAINT sweeps_erasure_fkey FOREIGN KEY (erasure) REFERENCES log.erasures(erasure);

--
-- Name: checkpoints checkpoints_build_fkey; Type: FK CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.checkpoints
    ADD CONSTRAINT checkpoints_build_fkey FOREIGN KEY (build) REFERENCES projection.builds(build) ON DELETE CASCADE;

--
-- Name: parked parked_build_fkey; Type: FK CONSTRAINT; Schema: projection; Owner: postgres
--

ALTER TABLE ONLY projection.parked
    ADD CONSTRAINT parked_build_fkey FOREIGN KEY (build) REFERENCES projection.builds(build) ON DELETE CASCADE;

--
-- Name: SCHEMA analytics; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA analytics TO orderpath_analyst;
GRANT USAGE ON SCHEMA analytics TO orderpath_auditor;
GRANT ALL ON SCHEMA analytics TO orderpath_projector;

--
-- Name: SCHEMA audit; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA audit TO orderpath_writer;
GRANT USAGE ON SCHEMA audit TO orderpath_projector;
GRANT USAGE ON SCHEMA audit TO orderpath_auditor;

--
-- Name: SCHEMA live; Type: ACL; Schema: -; Owner: postgres
--

GRANT ALL ON SCHEMA live TO orderpath_projector;

--
-- Name: SCHEMA log; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA log TO orderpath_writer;
GRANT USAGE ON SCHEMA log TO orderpath_projector;
GRANT USAGE ON SCHEMA log TO orderpath_auditor;

--
-- Name: SCHEMA ops; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA ops TO orderpath_writer;
GRANT USAGE ON SCHEMA ops TO orderpath_projector;
GRANT USAGE ON SCHEMA ops TO orderpath_auditor;

--
-- Name: SCHEMA projection; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA projection TO orderpath_projector;

--
-- Name: SCHEMA seen; Type: ACL; Schema: -; Owner: postgres
--

GRANT ALL ON SCHEMA seen TO orderpath_projector;
GRANT USAGE ON SCHEMA seen TO orderpath_analyst;

--
-- Name: SCHEMA sighted; Type: ACL; Schema: -; Owner: postgres
--

GRANT ALL ON SCHEMA sighted TO orderpath_projector;

--
-- Name: FUNCTION add_head(head json, leaves json, nodes json); Type: ACL; Schema: audit; Owner: postgres
--

REVOKE ALL ON FUNCTION audit.add_head(head json, leaves json, nodes json) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.add_head(head json, leaves json, nodes json) TO orderpath_writer;

--
-- Name: FUNCTION add_key(number integer, key_id text, public_key bytea, added_at timestamp with time zone, signature bytea); Type: ACL; Schema: audit; Owner: postgres
--

REVOKE ALL ON FUNCTION audit.add_key(number integer, key_id text, public_key bytea, added_at timestamp with time zone, signature bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.add_key(number integer, key_id text, public_key bytea, added_at timestamp with time zone, signature bytea) TO orderpath_writer;

--
-- Name: FUNCTION lead(); Type: ACL; Schema: audit; Owner: postgres
--

REVOKE ALL ON FUNCTION audit.lead() FROM PUBLIC;
GRANT ALL ON FUNCTION audit.lead() TO orderpath_writer;

--
-- Name: FUNCTION append(ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[]); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.append(ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION log.append(ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[]) TO orderpath_writer;

--
-- Name: FUNCTION append_knowing(seen integer, erasing json, ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[], OUT erasures integer, OUT stale boolean); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.append_knowing(seen integer, erasing json, ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[], OUT erasures integer, OUT stale boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION log.append_knowing(seen integer, erasing json, ids uuid[], streams json, reads json, commands json, events json, keys json, definitions json, OUT after bigint, OUT at timestamp with time zone, OUT moved integer[], OUT known integer[], OUT set_back integer[], OUT erasures integer, OUT stale boolean) TO orderpath_writer;

--
-- Name: FUNCTION destroy(subjects text[]); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.destroy(subjects text[]) FROM PUBLIC;

--
-- Name: FUNCTION erase_again(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.erase_again() FROM PUBLIC;

--
-- Name: FUNCTION flatten_path(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.flatten_path() FROM PUBLIC;

--
-- Name: FUNCTION hold(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.hold() FROM PUBLIC;
GRANT ALL ON FUNCTION log.hold() TO orderpath_writer;

--
-- Name: FUNCTION holds_keys(subjects text[]); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.holds_keys(subjects text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION log.holds_keys(subjects text[]) TO orderpath_writer;

--
-- Name: FUNCTION keep_states(states json, keys json, seen integer); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.keep_states(states json, keys json, seen integer) FROM PUBLIC;
GRANT ALL ON FUNCTION log.keep_states(states json, keys json, seen integer) TO orderpath_writer;

--
-- Name: FUNCTION opens(wanted uuid, stream text); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.opens(wanted uuid, stream text) FROM PUBLIC;
GRANT ALL ON FUNCTION log.opens(wanted uuid, stream text) TO orderpath_writer;

--
-- Name: FUNCTION refuse_change(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.refuse_change() FROM PUBLIC;

--
-- Name: FUNCTION refuse_old_master(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.refuse_old_master() FROM PUBLIC;

--
-- Name: FUNCTION restored(); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.restored() FROM PUBLIC;

--
-- Name: FUNCTION retire_master_key(old_id text); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.retire_master_key(old_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION log.retire_master_key(old_id text) TO orderpath_writer;

--
-- Name: FUNCTION rewrap(keys json); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.rewrap(keys json) FROM PUBLIC;
GRANT ALL ON FUNCTION log.rewrap(keys json) TO orderpath_writer;

--
-- Name: FUNCTION set_back(reads json, moved integer[], known integer[]); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.set_back(reads json, moved integer[], known integer[]) FROM PUBLIC;

--
-- Name: FUNCTION use_master_key(new_id text, instead_of text); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.use_master_key(new_id text, instead_of text) FROM PUBLIC;
GRANT ALL ON FUNCTION log.use_master_key(new_id text, instead_of text) TO orderpath_writer;

--
-- Name: FUNCTION wrapping_of(key bytea); Type: ACL; Schema: log; Owner: postgres
--

REVOKE ALL ON FUNCTION log.wrapping_of(key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION log.wrapping_of(key bytea) TO orderpath_writer;

--
-- Name: FUNCTION keep_key(key_id uuid, subject_id text, key bytea); Type: ACL; Schema: ops; Owner: postgres
--

REVOKE ALL ON FUNCTION ops.keep_key(key_id uuid, subject_id text, key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ops.keep_key(key_id uuid, subject_id text, key bytea) TO orderpath_writer;

--
-- Name: FUNCTION lo_creat(integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_creat(integer) FROM PUBLIC;

--
-- Name: FUNCTION lo_create(oid); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;

--
-- Name: FUNCTION lo_from_bytea(oid, bytea); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;

--
-- Name: FUNCTION pg_advisory_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_xact_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_xact_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_xact_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_advisory_xact_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_xact_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_xact_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_xact_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO orderpath_projector;

--
-- Name: FUNCTION pg_try_advisory_xact_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO orderpath_projector;

--
-- Name: FUNCTION create_schema(name text); Type: ACL; Schema: projection; Owner: postgres
--

REVOKE ALL ON FUNCTION projection.create_schema(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION projection.create_schema(name text) TO orderpath_projector;

--
-- Name: TABLE heads; Type: ACL; Schema: audit; Owner: postgres
--

GRANT SELECT ON TABLE audit.heads TO orderpath_writer;
GRANT SELECT ON TABLE audit.heads TO orderpath_projector;
GRANT SELECT ON TABLE audit.heads TO orderpath_auditor;

--
-- Name: TABLE keys; Type: ACL; Schema: audit; Owner: postgres
--

GRANT SELECT ON TABLE audit.keys TO orderpath_writer;
GRANT SELECT ON TABLE audit.keys TO orderpath_projector;
GRANT SELECT ON TABLE audit.keys TO orderpath_auditor;

--
-- Name: TABLE leaves; Type: ACL; Schema: audit; Owner: postgres
--

GRANT SELECT ON TABLE audit.leaves TO orderpath_writer;
GRANT SELECT ON TABLE audit.leaves TO orderpath_projector;
GRANT SELECT ON TABLE audit.leaves TO orderpath_auditor;

--
-- Name: TABLE nodes; Type: ACL; Schema: audit; Owner: postgres
--

GRANT SELECT ON TABLE audit.nodes TO orderpath_writer;
GRANT SELECT ON TABLE audit.nodes TO orderpath_projector;
GRANT SELECT ON TABLE audit.nodes TO orderpath_auditor;

--
-- Name: TABLE restores; Type: ACL; Schema: audit; Owner: postgres
--

GRANT SELECT ON TABLE audit.restores TO orderpath_writer;
GRANT SELECT ON TABLE audit.restores TO orderpath_projector;
GRANT SELECT ON TABLE audit.restores TO orderpath_auditor;

--
-- Name: TABLE commands; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.commands TO orderpath_writer;
GRANT SELECT ON TABLE log.commands TO orderpath_auditor;

--
-- Name: COLUMN commands.command_id; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT(command_id) ON TABLE log.commands TO orderpath_projector;

--
-- Name: COLUMN commands.outcome; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT(outcome) ON TABLE log.commands TO orderpath_projector;

--
-- Name: COLUMN commands.unmet; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT(unmet) ON TABLE log.commands TO orderpath_projector;

--
-- Name: SEQUENCE command_numbers; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON SEQUENCE log.command_numbers TO orderpath_writer;
GRANT SELECT ON SEQUENCE log.command_numbers TO orderpath_auditor;

--
-- Name: TABLE definitions; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.definitions TO orderpath_writer;
GRANT SELECT ON TABLE log.definitions TO orderpath_projector;
GRANT SELECT ON TABLE log.definitions TO orderpath_auditor;

--
-- Name: TABLE erasing; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.erasing TO orderpath_writer;
GRANT SELECT ON TABLE log.erasing TO orderpath_auditor;
GRANT SELECT ON TABLE log.erasing TO orderpath_projector;

--
-- Name: TABLE erasures; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.erasures TO orderpath_writer;
GRANT SELECT ON TABLE log.erasures TO orderpath_auditor;
GRANT SELECT ON TABLE log.erasures TO orderpath_projector;

--
-- Name: TABLE events; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.events TO orderpath_writer;
GRANT SELECT ON TABLE log.events TO orderpath_projector;
GRANT SELECT ON TABLE log.events TO orderpath_auditor;

--
-- Name: TABLE head; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.head TO orderpath_writer;
GRANT SELECT ON TABLE log.head TO orderpath_projector;
GRANT SELECT ON TABLE log.head TO orderpath_auditor;

--
-- Name: TABLE keys; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.keys TO orderpath_writer;

--
-- Name: TABLE master_keys; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.master_keys TO orderpath_writer;
GRANT SELECT ON TABLE log.master_keys TO orderpath_auditor;

--
-- Name: TABLE path_statuses; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.path_statuses TO orderpath_writer;
GRANT SELECT ON TABLE log.path_statuses TO orderpath_projector;
GRANT SELECT ON TABLE log.path_statuses TO orderpath_auditor;

--
-- Name: TABLE path_transitions; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT ON TABLE log.path_transitions TO orderpath_writer;
GRANT SELECT ON TABLE log.path_transitions TO orderpath_projector;
GRANT SELECT ON TABLE log.path_transitions TO orderpath_auditor;

--
-- Name: TABLE snapshots; Type: ACL; Schema: log; Owner: postgres
--

GRANT SELECT,INSERT,DELETE ON TABLE log.snapshots TO orderpath_writer;

--
-- Name: TABLE accesses; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ops.accesses TO orderpath_writer;
GRANT SELECT ON TABLE ops.accesses TO orderpath_auditor;

--
-- Name: TABLE acting; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,UPDATE ON TABLE ops.acting TO orderpath_projector;

--
-- Name: TABLE acting_left_out; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT ON TABLE ops.acting_left_out TO orderpath_projector;

--
-- Name: TABLE acting_passed; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ops.acting_passed TO orderpath_projector;

--
-- Name: TABLE api_key_uses; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.api_key_uses TO orderpath_writer;

--
-- Name: TABLE api_keys; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE ON TABLE ops.api_keys TO orderpath_writer;

--
-- Name: TABLE asked_hours; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ops.asked_hours TO orderpath_projector;

--
-- Name: TABLE batch_orders; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT ON TABLE ops.batch_orders TO orderpath_writer;

--
-- Name: TABLE batches; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.batches TO orderpath_writer;

--
-- Name: TABLE clock; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,UPDATE ON TABLE ops.clock TO orderpath_projector;

--
-- Name: TABLE command_keys; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT ON TABLE ops.command_keys TO orderpath_writer;

--
-- Name: TABLE import_runs; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.import_runs TO orderpath_writer;

--
-- Name: TABLE pace; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ops.pace TO orderpath_projector;

--
-- Name: TABLE quarantine; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.quarantine TO orderpath_writer;

--
-- Name: TABLE relay; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.relay TO orderpath_projector;

--
-- Name: TABLE sending; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ops.sending TO orderpath_projector;

--
-- Name: TABLE sweeps; Type: ACL; Schema: ops; Owner: postgres
--

GRANT SELECT,INSERT,UPDATE ON TABLE ops.sweeps TO orderpath_writer;

--
-- Name: TABLE builds; Type: ACL; Schema: projection; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.builds TO orderpath_projector;

--
-- Name: TABLE checkpoints; Type: ACL; Schema: projection; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.checkpoints TO orderpath_projector;

--
-- Name: TABLE installed; Type: ACL; Schema: projection; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.installed TO orderpath_projector;

--
-- Name: TABLE parked; Type: ACL; Schema: projection; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE projection.parked TO orderpath_projector;

--
-- Name: TABLE progress; Type: ACL; Schema: projection; Owner: postgres
--

GRANT SELECT ON TABLE projection.progress TO orderpath_projector;

--
-- PostgreSQL database dump complete
--

-- role orderpath_analyst: login; statement_timeout=5min, default_transaction_read_only=on, idle_in_transaction_session_timeout=5min
-- role orderpath_auditor: login
-- role orderpath_projector: login
-- role orderpath_writer: login
