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
