-- One row per order: what it is, where it stands, what it costs, what is paid. Test orders are
-- in it, so that every order is found somewhere: count `where not test`. Of the other views only
-- documents and refusals have rows of them, flagged likewise. Money in minor units of the currency.
create view orders as
select
    o.order_id, -- id of the order
    o.external_id, -- its number in the source
    o.path, -- order path that it follows, named by whoever told of it first, or migrated to
    o.path_version, -- version of the path, pinned when the order came or was migrated
    o.order_type, -- kind of order, such as private or company
    o.channel, -- how it came in, such as web or phone
    o.shop, -- shop that it belongs to
    o.customer_id, -- our key of the customer
    o.test, -- true: a test order; of the other views only documents and refusals have rows of it
    o.owner_user, -- person who is responsible now
    o.owner_group, -- group that is responsible now
    o.placed_at, -- when it was placed
    o.promised_at, -- delivery date that the customer was told
    o.delivery_method, -- how the goods travel
    o.track_number, -- number of the parcel
    v.status, -- status now
    v.stage, -- stage of the status now
    v.final, -- success or failure if the order has ended, else null
    v.visit_no as visits, -- how many stays it had so far
    v.entered_at as status_since, -- when it entered the status of now
    v.due_at, -- time limit of the status of now, as it was put off last, null: none
    coalesce(v.due_at < now(), false) as overdue, -- the time limit has passed
    coalesce(t.items, 0) as items, -- positions
    coalesce(t.live_quantity, 0) as pieces, -- pieces that are charged: neither cancelled nor not bought out
    coalesce(t.items_status, 'none') as items_status, -- one word for all pieces: shipped, partly_shipped, …
    m.currency, -- ISO 4217: as placed, until that is known the one of all its items, else of all its payments
    coalesce(t.goods_minor, 0) as goods_minor, -- goods after their discounts, minor units
    coalesce(t.discount_minor, 0) as discount_minor, -- discount off the whole order, minor units
    coalesce(t.delivery_minor, 0) as delivery_minor, -- delivery, minor units
    coalesce(t.vat_minor, 0) as vat_minor, -- VAT contained in the total, minor units
    coalesce(t.total_minor, 0) as total_minor, -- what the order costs, minor units
    coalesce(p.payments, 0) as payments, -- different payments
    coalesce(p.submitted_minor, 0) as submitted_minor, -- announced, minor units
    coalesce(p.authorised_minor, 0) as authorised_minor, -- reserved on the customer's side, minor units
    coalesce(p.charged_minor, 0) as charged_minor, -- came in, minor units
    coalesce(p.refunded_minor, 0) as refunded_minor, -- sent back by us, minor units
    coalesce(p.charged_back_minor, 0) as charged_back_minor, -- taken back by the bank, minor units
    coalesce(p.paid_minor, 0) as paid_minor, -- with us now, minor units
    case
        when p.paid_minor >= coalesce(t.total_minor, 0)
            then coalesce(t.total_minor, 0) - p.paid_minor
        else least(
            greatest(coalesce(t.total_minor, 0) - coalesce(p.charged_minor, 0)
                + coalesce(p.charged_back_minor, 0), 0), coalesce(t.total_minor, 0))
    end as due_minor, -- still to pay, below zero: so much more is with us; what we sent back is not owed again, what the bank took back is; minor units
    coalesce(p.granted_minor, 0) as granted_minor, -- promised to go back, in all, minor units
    greatest(p.granted_minor - p.refunded_minor, 0) as to_refund_minor, -- of it not gone back yet, minor units
    (select array_agg(x.currency order by x.currency) from live.order_payments x
     where x.order_id = o.order_id and x.payments > 0 and x.currency is distinct from m.currency
    ) as other_currencies, -- payments came in these too and do not count here: see payments
    case
        when p.paid_minor <= 0 and p.charged_minor > 0
            then case when p.charged_back_minor <> 0 then 'charged_back' else 'refunded' end
        when p.paid_minor > 0 and p.paid_minor < coalesce(t.total_minor, 0)
            then case when p.refunded_minor <> 0 or p.charged_back_minor <> 0
                then 'partly_refunded' else 'partly_paid' end
        when p.paid_minor > coalesce(t.total_minor, 0) and p.paid_minor > 0 then 'overpaid'
        when p.paid_minor > 0 then 'paid'
        when t.live_quantity > 0 and t.total_minor = 0 and coalesce(p.paid_minor, 0) = 0
            then 'paid'
        when p.authorised_minor <> 0 then 'authorised'
        when p.submitted_minor <> 0 then 'submitted'
        else 'not_paid'
    end as payment_status, -- not_paid, submitted, authorised, partly_paid, paid, overpaid, partly_refunded, refunded, charged_back
    case
        when p.refunded_minor > 0
            then case when p.paid_minor > 0 then 'partly_refunded' else 'refunded' end
        when p.granted_minor > 0 then 'granted'
        else 'none'
    end as refund_status, -- none, granted, partly_refunded, refunded; money that the bank took back is no refund
    o.recorded_at as first_recorded_at -- when the log first heard of the order; depends on arrival
from live.orders o
left join live.standings v on v.order_id = o.order_id
left join live.order_totals t on t.order_id = o.order_id
cross join lateral (
    select coalesce(o.currency, t.currency, (
        select min(x.currency) from live.order_payments x
        where x.order_id = o.order_id and x.payments > 0 and not exists (
            select from live.items i where i.order_id = o.order_id and i.currency is not null)
        having count(*) = 1)) as currency) m
left join live.order_payments p on p.order_id = o.order_id and p.currency = m.currency;
