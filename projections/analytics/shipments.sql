-- One row per shipment of an order: what travels with whom, and how far it is. Test orders are
-- left out.
create view shipments as
select
    s.order_id, -- id of the order
    s.shipment_id, -- id of the shipment within the order
    s.carrier, -- who carries it, null: it has only been heard of from its carrier
    s.track_number, -- number by which the carrier knows it
    s.status, -- planned, handed_over, in_transit, at_pickup_point, delivered, lost, returned, cancelled
    coalesce(s.status_since, s.created_at) as status_since, -- when it came to the status of now
    case
        when s.status in ('delivered', 'lost', 'cancelled') then s.status
        when s.status = 'returned' and s.delivered_at is null then 'not_bought_out'
        when s.status = 'returned' then 'returned'
    end as outcome, -- delivered, lost, returned, not_bought_out (it came back, the customer never took it), cancelled; null: not ended
    (select coalesce(sum(n::integer), 0)::integer from jsonb_each_text(s.pieces) as x(item_id, n)
    ) as quantity, -- pieces in it
    coalesce(s.pieces, '{}') as pieces, -- pieces in it by item id
    s.created_at, -- when it was planned
    s.handed_over_at, -- when the carrier got it first
    s.delivered_at -- when the customer got it first
from live.shipments s
where not exists (select from live.orders o where o.order_id = s.order_id and o.test);
