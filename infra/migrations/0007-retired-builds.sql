-- Old tables of a read model stay as long as anybody may still see them; analysts do not sit on
-- what they have read. Source: docs/adr/0013-tables-that-were-swapped.md.

-- Retired: another build is live instead, but transactions are open that began before.
alter table projection.builds
    drop constraint builds_state_check,
    add constraint builds_state_check
        check (state in ('live', 'retired', 'rebuilding', 'scratch')),
    add column readers text[]; -- transactions that were open when it had been retired

-- Tables that somebody has read in a transaction cannot be swapped before its end.
do $$
begin
    alter role orderpath_analyst set idle_in_transaction_session_timeout = '5min';
exception when insufficient_privilege or internal_error or unique_violation then
    null; -- another database of this server made the role, or does the same in this moment
end $$;
