-- Orders with an act that cannot be decided, as a stream that it reads is damaged, are passed like
-- those that wait for their rule: the rest of their shard is sent meanwhile. They are tried again from
-- time to time, and go on from where they are once the log is mended. Source: docs/adr/0019-rules-and-the-clock.md.

alter table ops.acting_passed
    add column again_at timestamptz; -- of such an order, by this server's clock; null: of any other
