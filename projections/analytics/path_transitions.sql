-- The moves that every published version of every order path allows.
create view path_transitions as
select
    path, -- order path
    path_version, -- version of the path, from 1
    from_status, -- status that may be left
    to_status -- status that may be entered from there
from log.path_transitions;
