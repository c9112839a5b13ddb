-- Of the enquiries of each day (UTC) and channel, how many became orders. Enquiries that became test
-- orders are left out.
create view enquiry_conversion as
select
    (e.asked_at at time zone 'UTC')::date as day, -- day on which they were asked, UTC
    e.channel, -- how they came in, such as web or phone
    count(*) as enquiries, -- all of them
    count(*) filter (where e.state = 'open') as open, -- of them, those that nobody has ended yet
    count(*) filter (where e.state = 'closed') as closed, -- of them, those closed without an order
    count(*) filter (where e.state = 'ordered') as ordered, -- of them, those that became an order
    count(*) filter (where o.final = 'success') as won, -- of them, those whose order ended with success
    count(*) filter (where e.state = 'ordered')::double precision / count(*) as share, -- ordered by enquiries, 0 to 1
    percentile_cont(0.5) within group (order by e.seconds) filter (where e.state = 'ordered') as median_seconds -- median time from asking to ordering, seconds
from analytics.enquiries e
left join analytics.orders o on o.order_id = e.order_id
group by 1, e.channel;
