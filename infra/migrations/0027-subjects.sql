-- Which orders ever held data of a customer, whose they are by now: asked where somebody is erased.
-- Source: docs/customers.md.

create index events_subject on log.events (subject_id, stream_id)
    where subject_id <> stream_id and starts_with(stream_id, 'order-');
