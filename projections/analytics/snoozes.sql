-- Time limits that were put off, each time one row. Test orders are left out.
create view snoozes as
select
    s.order_id, -- id of the order
    s.occurred_at, -- when it happened
    s.due_at, -- when the limit ends from then on
    s.entered, -- version of the stay, as in status_visits
    s.version, -- version of the event in the order's stream
    s.recorded_at -- when the log took it
from live.snoozes s
where not exists (select from live.orders o where o.order_id = s.order_id and o.test);
