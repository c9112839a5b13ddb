-- One row per way in which goods travel, by its code. Also of those that were ended.
create view delivery_methods as
select
    m.code, -- what it is called in the orders
    m.title, -- what people call it, null: as its code
    m.price_minor, -- what it costs, minor units
    m.currency, -- ISO 4217, of the amounts
    m.free_from_minor, -- it costs nothing for goods that cost so much after all discounts, null: never
    m.ended_at -- when it was ended, null: it was not
from live.delivery_methods m;
