-- Imports: which ones ran, and the rows that could not be read. Not part of the truth.
-- A quarantined row is sealed as a whole, with a key of its own among log.keys: whoever erases
-- the person or the order behind it destroys that key too.
-- Source: docs/import.md.

create schema if not exists ops;

-- One row for each different import: the same files with the same mapping are the same one.
create table ops.import_runs (
    run_id      uuid        primary key,
    kind        text        not null check (kind in ('olist', 'log')),
    source      text        not null,
    files       text[]      not null,            -- names without folders
    mapping     jsonb       not null default '{}', -- what resubmitting needs: no values of rows
    attempts    integer     not null default 1,
    orders_done bigint      not null default 0,
    started_at  timestamptz not null default now(), -- of the latest attempt
    finished_at timestamptz,                     -- null: running, or it died
    report      jsonb
);

create table ops.quarantine (
    row_id       uuid        primary key,        -- from source, file kind and content
    run_id       uuid        not null references ops.import_runs,
    source       text        not null,
    table_name   text        not null,           -- which of the source's tables, by its plain name
    file         text        not null,
    line         bigint      not null,           -- counted from 1, the header is line 1
    reason       text        not null,           -- a code
    column_name  text,
    message      text        not null,           -- names columns, never values
    order_id     uuid,                           -- where the row says whose it is
    state        text        not null default 'open' check (state in ('open', 'resolved')),
    fixed        boolean     not null default false, -- somebody changed its values
    key_id       uuid        not null,
    sealed       text        not null,           -- column -> value
    first_seen   timestamptz not null default now(),
    changed_at   timestamptz not null default now()
);
create index quarantine_state on ops.quarantine (state, source, first_seen, row_id);

-- Keys are the log's own table: the writer adds through this function, as append does for events.
create function ops.keep_key(key_id uuid, subject_id text, key bytea) returns void
language sql volatile security definer set search_path = log, pg_temp as $$
    insert into log.keys (key_id, subject_id, key) values (key_id, subject_id, key)
    on conflict do nothing
$$;
revoke execute on function ops.keep_key from public;

grant usage on schema ops to orderpath_writer;
grant select, insert, update on ops.import_runs, ops.quarantine to orderpath_writer;
grant execute on function ops.keep_key to orderpath_writer;
