-- What is asked for: one row per article and currency. ABC by revenue: A makes the first 80 % of
-- it, B the next 15 %, C the rest. XYZ by how evenly pieces are asked for from week to week, from
-- the article's first week to the latest of all: X varies by less than half of its mean, Y by less
-- than the mean, Z by more; fewer than four weeks say nothing. Test orders are left out.
create view item_demand as
with asked as (
    select i.sku, i.currency, i.order_id, i.title, i.quantity, i.upsell,
           date_trunc('week', o.placed_at at time zone 'UTC')::date as week, o.placed_at,
           case when s.final = 'failure' then 0 else i.live_quantity end as sold,
           case when s.final = 'failure' then 0 else i.net_minor end as net_minor
    from analytics.items i
    left join live.orders o on o.order_id = i.order_id
    left join live.standings s on s.order_id = i.order_id
), weeks as (
    select sku, currency, week, sum(quantity) as pieces
    from asked where week is not null group by sku, currency, week
), evenness as (  -- Weeks without demand have no row and count as 0.
    select sku, currency, n as weeks, total / n as mean,
           sqrt(greatest(squares / n - (total / n) * (total / n), 0)) as deviation
    from (
        select sku, currency, sum(pieces)::double precision as total,
               sum(pieces * pieces)::double precision as squares,
               (((select max(week) from weeks) - min(week)) / 7 + 1)::double precision as n
        from weeks group by sku, currency
    ) summed
), articles as (
    select sku, currency, max(title) as title, count(distinct order_id) as orders,
           sum(quantity)::bigint as ordered, sum(sold)::bigint as sold,
           coalesce(sum(quantity) filter (where upsell), 0)::bigint as upsold,
           sum(net_minor)::bigint as net_minor, max(placed_at) as last_ordered_at
    from asked group by sku, currency
), ranked as (
    select a.*, sum(net_minor) over line - net_minor as before,
           sum(net_minor) over (partition by currency) as whole
    from articles a
    window line as (partition by currency order by net_minor desc, sku)
)
select
    r.sku, -- article number
    r.title, -- what it is called, in one of its orders
    r.currency, -- ISO 4217
    r.orders, -- orders that have it
    r.ordered, -- pieces that were asked for, whatever became of them
    r.upsold, -- of them, pieces that we added unasked
    r.sold, -- pieces that are charged, in orders that have not failed
    r.net_minor, -- what these cost after the discounts of their lines, minor units
    case when r.whole > 0 then r.net_minor::double precision / r.whole end as share, -- of the revenue in this currency, 0 to 1
    case
        when r.whole <= 0 or r.net_minor <= 0 or r.before >= r.whole * 0.95 then 'C'
        when r.before >= r.whole * 0.8 then 'B'
        else 'A'
    end as abc, -- A, B or C: by revenue
    e.weeks::integer as weeks, -- weeks from its first one on, null: no order of it was placed
    e.mean as weekly_mean, -- pieces asked for a week
    e.deviation / nullif(e.mean, 0) as variation, -- standard deviation by mean
    case
        when e.weeks is null or e.weeks < 4 then null
        when e.deviation < e.mean / 2 then 'X'
        when e.deviation < e.mean then 'Y'
        else 'Z'
    end as xyz, -- X, Y or Z: by variation, null: fewer than four weeks
    r.last_ordered_at -- when it was asked for last
from ranked r
left join evenness e on e.sku = r.sku and e.currency is not distinct from r.currency;
