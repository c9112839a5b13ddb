-- One row per item of an order, article and location: the pieces that are kept for it, and what
-- became of those that were. Test orders are left out. In pieces.
create view reservations as
select
    r.order_id, -- id of the order
    r.item_id, -- id of the position within the order
    r.sku, -- article number
    r.location, -- where the pieces lie
    r.quantity, -- pieces that are kept now
    r.reserved_at, -- when the first of them was reserved, or of the last there were
    r.expires_at, -- until when they are kept, null: for good
    case
        when r.quantity > 0 then 'reserved'
        when r.committed > 0 then 'committed'
        else 'released'
    end as state, -- reserved: pieces are kept now; committed: none is, some left; released: none left
    r.committed, -- pieces that left, ever
    r.released, -- pieces that were given back, ever
    r.why -- why pieces were given back last: cancelled, expired, moved, shortened
from live.reservations r
where not exists (select from live.orders o where o.order_id = r.order_id and o.test);
