-- One row per product, also of those that were withdrawn.
create view products as
select
    p.sku, -- article number
    p.title, -- what people call it
    p.unit_price_minor, -- price of a piece with its VAT, minor units
    p.currency, -- ISO 4217, of the price
    p.vat_bp, -- VAT contained in the price, basis points: 2000 is 20 %
    p.supplier, -- who sends it, null: nobody says
    p.category, -- where it is filed, null: nowhere
    p.price_since, -- from when on this price holds
    p.active, -- whether it is sold; no: it was withdrawn
    p.changed_at -- when anything about it changed last
from live.products p;
