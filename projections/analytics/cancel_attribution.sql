-- Why orders failed, and in whose hands: by the status before, the owner and the supplier of the
-- goods. One row per order counts for each supplier of its goods, what they cost only once. Orders
-- that came back into an open status are left out, and so are test orders.
create view cancel_attribution as
select
    f.path, -- order path
    f.previous_status, -- status in which the order was before, null: it began as a failure
    f.status, -- failure status
    f.reason_code, -- reason that was given, null: none
    f.holder_user, -- person who owned the order then, null: nobody
    f.holder_group, -- group that owned the order then, null: none
    g.supplier, -- who sends the goods: was asked for them last, else is named by the product
    g.currency, -- ISO 4217
    count(*) as orders, -- orders that failed so
    sum(g.pieces)::bigint as pieces, -- pieces that were asked for of this supplier
    sum(g.goods_minor)::bigint as goods_minor -- what these would have cost, without discounts, minor units
from (
    select v.* from analytics.status_visits v where v.is_current and v.final = 'failure'
) f
left join (
    select i.order_id, coalesce(i.supplier, p.supplier) as supplier, i.currency,
           sum(i.quantity) as pieces, sum(i.quantity * i.unit_price_minor) as goods_minor
    from analytics.items i
    left join live.products p on p.sku = i.sku
    group by i.order_id, coalesce(i.supplier, p.supplier), i.currency
) g on g.order_id = f.order_id
group by f.path, f.previous_status, f.status, f.reason_code, f.holder_user, f.holder_group,
         g.supplier, g.currency;
