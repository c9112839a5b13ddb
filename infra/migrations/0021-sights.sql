-- What callers see who do not see every order: the views of schema analytics once more, over the
-- orders of the regions that a session names. Source: docs/adr/0025-rights.md.

-- The tables of the read models, as far as they are seen; and the views over them.
create schema sighted;
create schema seen;

grant usage, create on schema sighted, seen to orderpath_projector;
grant usage on schema seen to orderpath_analyst;
