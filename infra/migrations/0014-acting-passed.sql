-- Streams that were parked in trigger_runs when what rules send was sent beyond them in their shard:
-- how far each of them has been sent. Once a stream is let through again, what its events give lies
-- behind the position of ops.acting, and is sent from here. A row goes when nothing of its stream is
-- parked or left to send. Source: docs/adr/0019-rules-and-the-clock.md.

create table ops.acting_passed (
    stream_id text     primary key,
    shard     smallint not null,
    position  bigint   not null
);
grant select, insert, update, delete on ops.acting_passed to orderpath_projector;

-- What is parked today was passed before anybody noted it.
insert into ops.acting_passed (stream_id, shard, position)
select p.stream_id, p.shard, p.position - 1
from projection.parked p join projection.builds b using (build)
where p.projection = 'trigger_runs' and b.state = 'live';
