-- Who sends what at the moment. A sender takes a message for a while; whoever was killed loses it
-- when that is over. What became of the message stands in the log only: nothing is lost with these
-- rows. Source: docs/messages.md.

create table ops.sending (
    effect_id uuid        primary key,
    attempt   integer     not null,
    sender    uuid        not null,             -- the process
    until     timestamptz not null              -- by this server's clock
);
create index sending_until on ops.sending (until);

-- How fast a channel may be used, by all senders together.
create table ops.pace (
    channel text        primary key,
    free_at timestamptz not null default '-infinity' -- what was taken so far is used up by then
);

grant select, insert, update, delete on ops.sending, ops.pace to orderpath_projector;
