-- How far what rules send has been sent, by shard of the log. A row moves once every command up to
-- its position is answered. It stands outside of the read models: whatever is rebuilt, nothing that
-- lies behind is sent again. Source: docs/adr/0019-rules-and-the-clock.md.

create table ops.acting (
    shard    smallint    primary key,
    position bigint      not null default 0,
    moved_at timestamptz not null default clock_timestamp()
);
insert into ops.acting (shard) select generate_series(0, 15);

grant select, update on ops.acting to orderpath_projector;
-- Views say what became of a command that a rule sent.
grant select (command_id, outcome, unmet) on log.commands to orderpath_projector;
