-- The secret by which the Idempotency-Keys of callers are turned into ids of commands: who knows key and
-- caller cannot work the id out. Made once, with the table; every program on this database uses it, and
-- no answer shows it. Source: docs/adr/0027-keys-of-callers.md.

create table ops.command_keys (
    only_row boolean primary key default true check (only_row),
    secret   bytea   not null check (length(secret) = 32)
);
insert into ops.command_keys (secret) -- 244 random bits: those of two ids, of a strong source
values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
grant select on ops.command_keys to orderpath_writer;
