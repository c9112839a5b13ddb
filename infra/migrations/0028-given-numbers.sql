-- Whoever seals, and whoever checks, sees which number was given to an answer last: one behind it was
-- put there by somebody else. Source: docs/audit.md.

grant select on sequence log.command_numbers to orderpath_writer, orderpath_auditor;
