-- Restores that were announced: signed by a key of the seal, so that whoever holds heads of what is gone
-- can tell a restore that the house stands for from a log that was cut. Only ever added to.
-- Source: docs/adr/0026-announced-restores.md.

create table audit.restores (
    epoch     integer     primary key check (epoch > 1), -- that began with it
    log_id    uuid        not null,
    after     bigint      not null check (after >= 0), -- number of the last head that was kept
    said_at   timestamptz not null,
    key_id    text        not null references audit.keys (key_id),
    signature bytea       not null check (length(signature) = 64)
);
create trigger immutable before update or delete on audit.restores
    for each row execute function log.refuse_change();
create trigger immutable_all before truncate on audit.restores
    for each statement execute function log.refuse_change();
alter table audit.restores enable always trigger immutable;
alter table audit.restores enable always trigger immutable_all;
grant select on audit.restores to orderpath_writer, orderpath_projector, orderpath_auditor;
