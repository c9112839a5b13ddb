-- Rights drawn tighter; and a log that was restored is told from the one before.
-- Sources: docs/adr/0011-logins.md, docs/adr/0003-log.md.

-- A function with its owner's rights believes every schema that it looks into: somebody else's
-- function whose parameters fit better would run with these rights. So each looks into pg_catalog
-- only and names the schema of all else. Named last, temporary tables are looked at last.
alter function log.append set search_path = pg_catalog, pg_temp;
alter function log.hold set search_path = pg_catalog, pg_temp;
alter function log.set_back set search_path = pg_catalog, pg_temp;
alter function log.keep_states set search_path = pg_catalog, pg_temp;
alter function ops.keep_key set search_path = pg_catalog, pg_temp;
alter function projection.create_schema set search_path = pg_catalog, pg_temp;

-- Builds have schemas of their own: nothing is ever made beside the checkpoints.
revoke create on schema projection from orderpath_projector;

-- A lock by number that anybody may take is one that an analyst may keep from a migration, and a
-- large object is a table that nobody looks into. Only a superuser can take these from everybody.
-- The projector keeps the locks: by them a verify marks the tables that it is at work on.
do $$
declare
    anybodys regprocedure;
begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        return;
    end if;
    for anybodys in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
          and (proname ~ '^pg_(try_)?advisory_(xact_)?lock'
               or proname in ('lo_creat', 'lo_create', 'lo_from_bytea'))
    loop
        execute format('revoke execute on function %s from public', anybodys);
        if anybodys::text like '%lock%' then
            execute format('grant execute on function %s to orderpath_projector', anybodys);
        end if;
    end loop;
end $$;

-- A role logs in for itself now, so that what its session begins with is what stands here.
do $$
begin
    if exists (
        select from unnest(array['statement_timeout=5min', 'default_transaction_read_only=on']) wanted
        where wanted <> all (coalesce(
            (select s.setconfig from pg_db_role_setting s
             where s.setdatabase = 0 and s.setrole = 'orderpath_analyst'::regrole), '{}')))
    then
        alter role orderpath_analyst set statement_timeout = '5min';
        alter role orderpath_analyst set default_transaction_read_only = on;
    end if;
exception when internal_error or unique_violation then
    null; -- another database of this server did the same in this moment
end $$;

-- Any of them may look whether the database is of this version; to change it is the owner's.
grant select on public._yoyo_migration to orderpath_writer, orderpath_projector;

-- Said by the owner after a restore of the log: positions are given a second time from there.
create function log.restored() returns integer
language sql volatile set search_path = pg_catalog, pg_temp as $$
    update log.head set epoch = epoch + 1 returning epoch
$$;
revoke execute on function log.restored from public;

-- Of the event at the checkpoint's position: after a restore of the log another one may stand there.
alter table projection.checkpoints add column recorded_at timestamptz;
update projection.checkpoints c set recorded_at = e.recorded_at
from log.events e where e.position = c.position;

-- A trigger, so that a process of an older version leaves no checkpoint behind without it.
create function projection.note_event() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.recorded_at := (select e.recorded_at from log.events e where e.position = new.position);
    return new;
end $$;
create trigger note_event before update on projection.checkpoints
    for each row when (new.position <> old.position) execute function projection.note_event();

-- How far each build has come in each shard. Tables that hold what the log does not (another log,
-- or one that was set back) have everything before them.
create view projection.progress as
select c.projection, c.build, c.shard, c.position, r.replaced, (
    select min(e.position) from log.events e
    where e.shard = c.shard and e.position > case when r.replaced then 0 else c.position end
) as next_position -- of the first event that waits, null: none
from projection.checkpoints c
cross join log.head h
cross join lateral (
    select (h.log_id, h.epoch) <> (c.log_id, c.epoch) or c.position > 0 and not exists (
        select from log.events e where e.position = c.position and e.recorded_at = c.recorded_at
    ) as replaced
) r;
grant select on projection.progress to orderpath_projector;
