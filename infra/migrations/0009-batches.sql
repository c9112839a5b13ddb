-- Batches: one wish for many orders. Which orders is frozen when a batch begins, so that one that
-- died goes on with the same. What became of each order is not repeated here: it stands in
-- log.commands, under an id that follows from batch and order. Source: docs/bulk.md.

create table ops.batches (
    batch_id    uuid        primary key,
    command     text        not null,          -- stored name of what every order is asked
    body        jsonb       not null,          -- what all its commands say
    selection   jsonb       not null,          -- how the orders were chosen
    actor       jsonb       not null,          -- who acts, also when somebody else goes on with it
    source      text        not null,          -- the way in: cli, api, …
    key_id      uuid,                          -- of the key that seals the reason
    reason      text,                          -- sealed: it is free text
    undoes      uuid        references ops.batches,
    orders      integer     not null check (orders between 1 and 100000),
    begun_at    timestamptz not null default now(),
    finished_at timestamptz,                   -- null: running, or it died
    check ((key_id is null) = (reason is null))
);
create index batches_begun_at on ops.batches (begun_at desc, batch_id);

create table ops.batch_orders (
    batch_id uuid    not null references ops.batches,
    no       integer not null,                 -- counted from 1
    order_id uuid    not null,
    body     jsonb   not null,                 -- what only this order's command says
    primary key (batch_id, no),
    unique (batch_id, order_id)
);

grant select, insert, update on ops.batches to orderpath_writer;
grant select, insert on ops.batch_orders to orderpath_writer;
