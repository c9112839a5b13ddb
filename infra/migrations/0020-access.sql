-- Who may call, and who read personal data. Source: docs/adr/0025-rights.md.

-- The secrets of API keys, hashed: of 256 random bits nobody finds the beginning by trying. What a
-- key may do, until when, and by whom it was made stands in its stream; a row without an event there
-- opens nothing.
create table ops.api_keys (
    prefix     text        primary key check (prefix ~ '^[a-z0-9]{12}$'), -- shown, opens nothing
    name       text        not null,           -- of the key: stream apikey-<name>
    hash       bytea       not null check (length(hash) = 32),             -- SHA-256 of the secret
    created_at timestamptz not null default now()
);

-- When a key was last shown, to the minute or so: noted together for many calls, never in one.
create table ops.api_key_uses (
    name         text        primary key,
    last_used_at timestamptz not null
);

-- Whose personal data somebody has read. One row for a caller, a question, a person and a minute.
-- A subject is a stream's, such as customer-… or order-…; null: many at once, so many of them.
create table ops.accesses (
    access_id    bigint      generated always as identity primary key,
    minute       timestamptz not null,
    actor_kind   text        not null,
    actor_id     text        not null,
    on_behalf_of text,
    question     text        not null,
    subject      text,
    subjects     integer     not null check (subjects > 0),
    times        integer     not null check (times > 0)
);
create unique index accesses_once on ops.accesses
    (minute, actor_kind, actor_id, on_behalf_of, question, subject) nulls not distinct;
create index accesses_subject on ops.accesses (subject, access_id desc);
create index accesses_actor on ops.accesses (actor_id, access_id desc);

grant select, insert, delete on ops.api_keys to orderpath_writer;
grant select, insert, update on ops.api_key_uses to orderpath_writer;
grant select, insert, update, delete on ops.accesses to orderpath_writer;
grant usage on schema ops to orderpath_auditor;
grant select on ops.accesses to orderpath_auditor;
