-- How far the relay has published each of its lanes. A row moves once everything up to its position
-- is acknowledged by the broker. Source: docs/adr/0016-kafka-carries-the-log.md.

create table ops.relay (
    lane     text        primary key,
    log_id   uuid        not null,
    epoch    integer     not null,             -- of the log that the position is of
    position bigint      not null default 0,
    moved_at timestamptz not null default clock_timestamp()
);

grant usage on schema ops to orderpath_projector;
grant select, insert, update on ops.relay to orderpath_projector;
