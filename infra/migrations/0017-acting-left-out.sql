-- Commands that rules gave and that were not sent, as their rule was turned off or to shadow before.
-- They never are, also if it is live again. A row is written with what moves acting beyond it. Source: docs/adr/0019-rules-and-the-clock.md.

create table ops.acting_left_out (
    command_id  uuid        primary key,
    left_out_at timestamptz not null default clock_timestamp()
);
grant select, insert on ops.acting_left_out to orderpath_projector;
