-- All that somebody did, over all streams, newest first: for `orderpath audit who`. The kind stands in
-- the index, so that one of two actors of the same name is found without a look at the other's rows.
-- Source: docs/auditors.md.

create index events_actor on log.events (actor_id, position) include (actor_kind);
create index events_on_behalf_of on log.events (on_behalf_of, position)
    where on_behalf_of is not null;
