-- The clock's parts: each order is in one of them, and a clock that works on a part holds its row, so
-- that no other does the same work. Nothing else rests on it. Source: docs/adr/0019.

create table ops.clock (
    part smallint primary key check (part between 0 and 15)
);
insert into ops.clock select generate_series(0, 15);

grant select, update on ops.clock to orderpath_projector;
