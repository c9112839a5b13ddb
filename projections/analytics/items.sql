-- One row per position of an order. Test orders are left out. Money in minor units.
create view items as
select
    i.order_id, -- id of the order
    i.item_id, -- id of the position within the order
    i.sku, -- article number
    i.title, -- what it is called
    i.seller, -- who sells it, on marketplaces
    i.upsell, -- true: added by us, not asked for by the customer
    i.quantity, -- pieces ordered
    i.live_quantity, -- pieces that are charged: neither cancelled nor not bought out
    i.item_status, -- one word for all its pieces: shipped, partly_shipped, …
    coalesce((i.pieces ->> 'ordered')::integer, 0) as ordered, -- pieces ordered, nothing done yet
    coalesce((i.pieces ->> 'to_buy')::integer, 0) as to_buy, -- pieces that a supplier has to be asked for
    coalesce((i.pieces ->> 'bought')::integer, 0) as bought, -- pieces that a supplier was asked for
    coalesce((i.pieces ->> 'received')::integer, 0) as received, -- pieces that came from the supplier
    i.supplier, -- who was asked for pieces of it last
    coalesce((i.pieces ->> 'reserved')::integer, 0) as reserved, -- pieces reserved in stock
    coalesce((i.pieces ->> 'assembled')::integer, 0) as assembled, -- pieces picked and packed
    coalesce((i.pieces ->> 'shipped')::integer, 0) as shipped, -- pieces on their way
    coalesce((i.pieces ->> 'delivered')::integer, 0) as delivered, -- pieces with the customer
    coalesce((i.pieces ->> 'lost')::integer, 0) as lost, -- pieces lost on their way
    coalesce((i.pieces ->> 'damaged')::integer, 0) as damaged, -- pieces that broke
    coalesce((i.pieces ->> 'not_bought_out')::integer, 0) as not_bought_out, -- pieces that came back, the customer never took them
    coalesce((i.pieces ->> 'returned')::integer, 0) as returned, -- pieces that the customer gave back
    coalesce((i.pieces ->> 'cancelled')::integer, 0) as cancelled, -- pieces taken out of the order
    coalesce(i.currency, t.currency) as currency, -- ISO 4217; in another one than the order it is not part of its total
    i.unit_price_minor, -- price of one piece, minor units
    i.discount_minor, -- discount off the whole position as ordered, minor units
    i.net_minor, -- pieces that are charged, after their discount, minor units
    i.delivery_minor, -- freight that the source counts per position, minor units
    i.vat_bp -- VAT rate, basis points (2000 = 20 %)
from live.items i
join live.order_totals t on t.order_id = i.order_id
where not exists (select from live.orders o where o.order_id = i.order_id and o.test);
