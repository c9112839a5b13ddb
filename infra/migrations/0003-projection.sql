-- What drives the read models: which builds exist, how far each has come, what is parked.
-- The read models' own tables are made by their builds, in schemas of their own.

-- A build is one set of tables of a read model. Readers see the live one only.
create table projection.builds (
    build      integer     generated always as identity primary key,
    projection text        not null,
    version    integer     not null,
    state      text        not null check (state in ('live', 'rebuilding', 'scratch')),
    driver     text        not null default 'follower' check (driver in ('follower', 'workers')),
    created_at timestamptz not null default clock_timestamp(),
    live_since timestamptz
);
create unique index builds_one_live on projection.builds (projection) where state = 'live';
create unique index builds_one_rebuilding
    on projection.builds (projection) where state = 'rebuilding';

-- Everything of the shard up to this position stands in the build's tables. The row moves in
-- the transaction that writes them, and exists beforehand: a missing row could not be locked.
create table projection.checkpoints (
    projection text     not null,
    build      integer  not null references projection.builds on delete cascade,
    shard      smallint not null check (shard between 0 and 15),
    position   bigint   not null default 0,
    log_id     uuid     not null,
    epoch      integer  not null,
    primary key (projection, build, shard)
) with (fillfactor = 50);

-- Streams that a build left behind at an event it could not take, with all that follows there.
create table projection.parked (
    build      integer     not null references projection.builds on delete cascade,
    projection text        not null,
    stream_id  text        not null,
    shard      smallint    not null,
    position   bigint      not null,
    version    integer     not null,
    type       text        not null,
    error      text        not null,
    waiting    integer     not null default 1,
    parked_at  timestamptz not null default clock_timestamp(),
    primary key (build, stream_id)
);

-- The views of schema analytics as they were installed last: hash of their text.
create table projection.installed (
    part        text    primary key,
    version     integer not null,
    fingerprint text    not null
);

-- The tables of the live builds, by the same names whatever build is live.
create schema live;

grant usage, create on schema live to orderpath_projector;
grant select, insert, update, delete
    on projection.builds, projection.checkpoints, projection.parked, projection.installed
    to orderpath_projector;

-- A build's own schema. Made by a function, because the right to make any schema stands with the
-- database and is lost when that is cloned, or restored under another name.
create function projection.create_schema(name text) returns void
language plpgsql volatile security definer set search_path = projection, pg_temp as $$
begin
    if name !~ '^p_[a-z_]+_[0-9]+$' then
        raise exception '% is no name for the schema of a build', name
            using errcode = 'invalid_schema_name';
    end if;
    execute format('create schema %I authorization orderpath_projector', name);
end $$;
revoke execute on function projection.create_schema from public;
grant execute on function projection.create_schema to orderpath_projector;
