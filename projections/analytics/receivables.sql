-- What customers owe: one row per order that is not paid in full, and has not failed. What we sent
-- back is not owed again, what the bank took back is. Sum by customer_id or age_bucket. Test orders
-- are left out.
create view receivables as
select
    o.order_id, -- id of the order
    o.external_id, -- its number in the source
    o.customer_id, -- our key of the customer
    o.path, -- order path
    o.stage, -- stage of the status now
    o.status, -- status now
    o.final, -- success if the order has ended, else null
    o.owner_user, -- person who is responsible now
    o.owner_group, -- group that is responsible now
    o.payment_status, -- as in orders
    o.currency, -- ISO 4217
    o.total_minor, -- what the order costs, minor units
    o.paid_minor, -- with us now, minor units
    o.due_minor as unpaid_minor, -- what is owed, minor units
    o.since, -- since when it is owed: when the order was placed, else when the log first heard of it
    o.age_days, -- whole days since then
    case
        when o.age_days <= 7 then '0-7'
        when o.age_days <= 30 then '8-30'
        when o.age_days <= 60 then '31-60'
        when o.age_days <= 90 then '61-90'
        else '91+'
    end as age_bucket -- age_days as 0-7, 8-30, 31-60, 61-90, 91+
from (
    select a.*, coalesce(a.placed_at, a.first_recorded_at) as since,
           greatest(floor(extract(epoch from now() - coalesce(a.placed_at, a.first_recorded_at))
               / 86400), 0)::integer as age_days
    from analytics.orders a
    where not a.test and a.final is distinct from 'failure'
) o
where o.due_minor > 0;
