-- One row per enquiry: who asked when, and what became of it. Enquiries that became test orders are
-- left out.
create view enquiries as
select
    e.enquiry_id, -- id of the enquiry
    e.channel, -- how it came in, such as web or phone
    e.customer_id, -- our key of whoever asked, null: it is not known
    e.asked_at, -- when it was asked
    e.state, -- open, ordered, closed
    e.ended_at, -- when it became an order or was closed, null: it is open
    extract(epoch from e.ended_at - e.asked_at)::double precision as seconds, -- from asking to its end, seconds by the wall clock
    e.order_id, -- order that it became
    e.reason_code -- why it was closed without an order
from live.enquiries e
where not exists (select from live.orders o where o.order_id = e.order_id and o.test);
