-- The statuses of every published version of every order path.
create view path_statuses as
select
    p.path, -- order path
    p.path_version, -- version of the path, from 1
    p.stage_no, -- place of the stage in the path, from 0
    p.stage, -- stage that the status belongs to
    p.status_no, -- place of the status in the path, from 0
    p.status, -- status
    p.final, -- success or failure if the status ends orders, else null
    i.status is not null as initial, -- orders may start in it
    p.title, -- names for people, by language
    w.owner ->> 'group' as owner_group, -- group in charge of orders in it, null: none
    w.owner ->> 'user' as owner_user -- person in charge of orders in it, null: none
from log.path_statuses p
left join (
    select distinct d.name as path, d.version as path_version, start.status
    from log.definitions d
    cross join lateral json_to_recordset(d.body #> '{definition,initial}') as start(status text)
    where d.kind = 'path'
) i on i.path = p.path and i.path_version = p.path_version and i.status = p.status
left join (
    select d.name as path, d.version as path_version, s.status, s.what -> 'owner' as owner
    from log.definitions d
    cross join lateral json_each(d.body #> '{definition,statuses}') as s(status, what)
    where d.kind = 'path'
) w on w.path = p.path and w.path_version = p.path_version and w.status = p.status;
