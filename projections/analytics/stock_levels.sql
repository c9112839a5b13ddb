-- One row per article and location: what is there, and what of it can be sold. In pieces.
create view stock_levels as
select
    s.sku, -- article number
    s.location, -- where it lies: a warehouse of ours or a supplier's
    s.on_hand, -- pieces that are there by the books
    s.reserved, -- of them, pieces that are kept for orders
    greatest(s.on_hand - s.reserved, 0) as available, -- pieces that can be sold
    greatest(s.reserved - s.on_hand, 0) as short, -- pieces that are kept for orders and were not found in a count
    s.threshold, -- purchasing wants to know when fewer than these are available, null: not at all
    s.below_since -- since when fewer are available, null: there are enough
from live.stock_levels s;
