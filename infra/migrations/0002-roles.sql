-- Who may do what. Roles belong to the whole server, so they may exist already.

do $$
declare
    wanted text;
begin
    foreach wanted in array array[
        'orderpath_writer', 'orderpath_projector', 'orderpath_analyst', 'orderpath_auditor']
    loop
        begin
            execute format('create role %I login', wanted);
            if wanted = 'orderpath_analyst' then
                alter role orderpath_analyst set statement_timeout = '5min';
                alter role orderpath_analyst set default_transaction_read_only = on;
            end if;
        exception when duplicate_object or unique_violation then
            null; -- another database of this server made it
        end;
        if not pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end $$;

-- Writer: commands. Appends through the function only; cannot insert, update or delete.
grant usage on schema log to orderpath_writer, orderpath_projector, orderpath_auditor;
grant select on all tables in schema log to orderpath_writer;
grant insert, delete on log.snapshots to orderpath_writer;
revoke execute on all functions in schema log from public;
grant execute on function log.append, log.hold to orderpath_writer;

-- Projector: reads the log, owns the projection schemas. No keys: it sees no personal data.
grant select on log.head, log.events, log.definitions, log.path_statuses, log.path_transitions
    to orderpath_projector;

-- Auditor: reads everything but keys.
grant select on log.head, log.events, log.commands, log.definitions, log.path_statuses,
    log.path_transitions to orderpath_auditor;

-- Analyst: reads views of schema analytics, nothing else; long questions are stopped.
create schema analytics;
grant usage on schema analytics to orderpath_analyst, orderpath_auditor;

-- Projections live in schemas of their own; `projection` holds checkpoints and parked events.
create schema projection;
grant usage, create on schema analytics, projection to orderpath_projector;
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end $$;
