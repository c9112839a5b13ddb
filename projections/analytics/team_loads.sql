-- One row per person who holds open orders through a team, also if the person belongs to it no
-- more: their orders want to be handed over. Test orders count, as they do for caps.
create view team_loads as
select
    o.team, -- group through which the orders are held
    o.member, -- id of the person
    exists (
        select from live.team_members m where m.team = o.team and m.member = o.member
    ) as belongs, -- true: the person is a member of the team
    count(*) as open_orders, -- orders that the person holds
    count(*) filter (where o.shared_out) as shared_out, -- of them those that the system chose the person for
    min(o.taken_at) as oldest_at -- since when the person holds the oldest of them
from live.team_orders o
group by o.team, o.member;
