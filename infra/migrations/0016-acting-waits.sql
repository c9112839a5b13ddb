-- Streams that wait because a rule has sent as much within the minute as it may are passed like those
-- that were parked: the rest of their shard is sent meanwhile. What rules give for one order stays in
-- its order, so the stream of an order stands here for that of its timers, too.

alter table ops.acting_passed
    add column act_no integer not null default 0, -- of the event right behind the position, so many
    add column rule   text; -- that may send no more within the minute; null: nothing of the kind
create index acting_passed_shard on ops.acting_passed (shard, position);

-- What is noted of timers is noted of their orders from now on.
insert into ops.acting_passed (stream_id, shard, position)
select 'order-' || substr(stream_id, 7), shard, position
from ops.acting_passed where stream_id like 'timer-%'
on conflict (stream_id) do update
set position = least(acting_passed.position, excluded.position);
delete from ops.acting_passed where stream_id like 'timer-%';
