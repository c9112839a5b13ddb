-- One row per document of an order, such as an invoice. A cancelled one keeps its number. Those of
-- test orders are in it with `test` true, so that the numbers of a series are without gaps: count
-- `where not test`. Money in minor units.
create view documents as
select
    d.order_id, -- id of the order
    d.document_id, -- id of the document within the order
    d.kind, -- what it is, such as invoice, waybill, act, receipt
    d.series, -- whose numbers it bears
    d.number, -- its number as it is written, once in its series
    d.status, -- issued, sent, paid, cancelled
    d.status_since, -- when it came to the status of now
    d.reason_code, -- why, where that was said
    d.total_minor, -- what the order cost when it was issued, minor units
    d.currency, -- ISO 4217
    d.issued_at, -- when it was issued
    d.issued_by, -- who issued it
    coalesce(o.test, false) as test -- true: of a test order
from live.documents d
left join live.orders o on o.order_id = d.order_id;
