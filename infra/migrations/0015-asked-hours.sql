-- Fixed hours of rules of which every order has been told: the clock looks at an order again only if
-- something has happened to it behind the position. Written once nothing is left to tell, so whatever
-- is lost or wrong here costs one look at all orders. Source: docs/adr/0019-rules-and-the-clock.md.

create table ops.asked_hours (
    rule         text        not null,
    due_at       timestamptz not null,
    rule_version integer     not null,
    build        integer     not null, -- of status_visits, which said where orders stand
    position     bigint      not null, -- what that build had taken by then
    primary key (rule, due_at)
);
grant select, insert, update, delete on ops.asked_hours to orderpath_projector;
