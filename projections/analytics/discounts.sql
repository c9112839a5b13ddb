-- One row per discount by its code: what is taken off what. Also of those that were ended.
create view discounts as
select
    d.code, -- what it is called in the orders that got it
    d.title, -- what people call it, null: as its code
    case
        when d.sku is not null then 'product'
        when d.category is not null then 'category'
        else 'order'
    end as scope, -- product: off the lines of one; category: off the lines of its products; order: off whole orders
    d.sku, -- article number of the product, null: of no single one
    d.category, -- category of the products, null: of none
    d.percent_bp, -- so much off, basis points: 1000 is 10 %, null: an amount
    d.amount_minor, -- so much off each piece, or off the order, minor units, null: a percentage
    d.currency, -- ISO 4217, of the amounts; null: orders in any
    d.minimum_minor, -- what it is off must cost so much before all discounts, minor units, null: any
    d.valid_from, -- from when on it is given
    d.valid_until, -- when it is over, null: when it is ended
    d.ended_at -- when it was ended, null: it was not
from live.discounts d;
