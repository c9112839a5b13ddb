-- The sealed log: heads of Merkle trees over events and commands, what the trees are made of, and the
-- public keys of who signs. All of it is only ever added to. Source: docs/adr/0022-sealed-log.md.

-- Commands get numbers in the order in which the log took them: whoever appends holds the head, so
-- the sequence gives them in commit order. A failed append leaves a gap, which means nothing.
create sequence log.command_numbers;
alter table log.commands
    add column number bigint not null default nextval('log.command_numbers');
alter sequence log.command_numbers owned by log.commands.number;
create unique index commands_number on log.commands (number);

create schema audit;

create table audit.keys (
    number     integer     primary key check (number > 0),
    key_id     text        not null unique check (key_id ~ '^[0-9a-f]{32}$'),
    public_key bytea       not null check (length(public_key) = 32),
    added_at   timestamptz not null,
    signature  bytea       check (length(signature) = 64) -- by the key before; null: nobody vouches
);

create table audit.heads (
    number        bigint      primary key check (number > 0),
    log_id        uuid        not null,
    epoch         integer     not null,
    size          bigint      not null check (size >= 0), -- of the tree over positions 1 to size
    root          bytea       not null check (length(root) = 32),
    commands_size bigint      not null check (commands_size >= 0),
    commands_root bytea       not null check (length(commands_root) = 32),
    last_command  bigint      not null, -- number of the last one in the tree, 0: none
    sealed_at     timestamptz not null,
    key_id        text        not null references audit.keys (key_id),
    previous      bytea       not null check (length(previous) = 32),
    signature     bytea       not null check (length(signature) = 64)
);
create index heads_size on audit.heads (size);

-- Hashes of the leaves that a head added, 32 bytes each. Whoever looks for an altered row finds it
-- by its leaf, so that position and command are named.
create table audit.leaves (
    tree   text    not null check (tree in ('events', 'commands')),
    first  bigint  not null check (first >= 0), -- index of the first of them in its tree
    head   bigint  not null references audit.heads (number),
    hashes bytea   not null check (length(hashes) > 0 and length(hashes) % 32 = 0),
    primary key (tree, first)
);
alter table audit.leaves alter column hashes set storage external; -- nothing to compress

-- Roots of the perfect subtrees of 256 leaves and more: proofs need few of them and no others.
create table audit.nodes (
    tree  text     not null check (tree in ('events', 'commands')),
    level smallint not null check (level >= 8),
    index bigint   not null check (index >= 0),
    hash  bytea    not null check (length(hash) = 32),
    primary key (tree, level, index)
);

do $$
declare
    kept text;
begin
    foreach kept in array array['keys', 'heads', 'leaves', 'nodes']
    loop
        execute format('create trigger immutable before update or delete on audit.%I
            for each row execute function log.refuse_change()', kept);
        execute format('create trigger immutable_all before truncate on audit.%I
            for each statement execute function log.refuse_change()', kept);
        execute format('alter table audit.%I enable always trigger immutable', kept);
        execute format('alter table audit.%I enable always trigger immutable_all', kept);
    end loop;
end $$;

-- Whether this transaction alone may seal, until its end. Several may try at once.
create function audit.lead() returns boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select pg_catalog.pg_try_advisory_xact_lock(5207181)
$$;

-- Adds a key. It follows the newest one, or somebody else was faster: then false, and nothing is added.
create function audit.add_key(
    number integer, key_id text, public_key bytea, added_at timestamptz, signature bytea
) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
    perform pg_catalog.pg_advisory_xact_lock(5207181);
    if number <> (select coalesce(max(k.number), 0) + 1 from audit.keys k) then
        return false;
    end if;
    insert into audit.keys values (number, key_id, public_key, added_at, signature);
    return true;
end $$;

-- Adds a head with the leaves and nodes that are new in its trees, all or nothing. It follows the last
-- one and is signed with the newest key; else nothing is added, and false says so.
--
--   head    the columns of audit.heads
--   leaves  [{tree, first, hashes}]        hashes in hexadecimal
--   nodes   [{tree, level, index, hash}]   the same
create function audit.add_head(head json, leaves json, nodes json) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
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

-- The application seals with the rights of its writer; auditors and the relay read.
revoke execute on all functions in schema audit from public;
grant usage on schema audit to orderpath_writer, orderpath_projector, orderpath_auditor;
grant select on all tables in schema audit
    to orderpath_writer, orderpath_projector, orderpath_auditor;
grant execute on function audit.lead, audit.add_key, audit.add_head to orderpath_writer;
