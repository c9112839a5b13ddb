-- One row per payment of an order and currency, summed over its movements. Test orders are left
-- out. Money in minor units of the currency.
create view payments as
select
    l.order_id, -- id of the order
    l.payment_id, -- id of the payment within the order
    max(l.method) as method, -- how it is paid, as announced
    max(l.installments) as installments, -- number of instalments, as announced
    l.currency, -- ISO 4217; in another one than the order it does not count as paid
    coalesce(sum(l.amount_minor) filter (where l.kind = 'submitted'), 0)::bigint as submitted_minor, -- announced, minor units
    coalesce(sum(l.amount_minor) filter (where l.kind = 'authorised'), 0)::bigint as authorised_minor, -- reserved on the customer's side, minor units
    coalesce(sum(l.amount_minor) filter (where l.kind = 'charged'), 0)::bigint as charged_minor, -- came in, minor units
    coalesce(sum(l.amount_minor) filter (where l.kind = 'refunded'), 0)::bigint as refunded_minor, -- sent back by us, minor units
    coalesce(sum(l.amount_minor) filter (where l.kind = 'charged_back'), 0)::bigint as charged_back_minor, -- taken back by the bank, minor units
    coalesce(sum(case l.kind when 'charged' then l.amount_minor when 'submitted' then 0
        when 'authorised' then 0 else -l.amount_minor end), 0)::bigint as paid_minor, -- with us now, minor units
    count(*) as movements, -- entries of the ledger
    min(l.occurred_at) as first_at, -- first movement
    max(l.occurred_at) as last_at, -- latest movement
    min(l.occurred_at) filter (where l.kind = 'charged') as charged_at -- when money first came in
from live.ledger_entries l
where l.annulled_recorded_at is null
  and l.payment_id is not null
  and not exists (select from live.orders o where o.order_id = l.order_id and o.test)
group by l.order_id, l.payment_id, l.currency;
