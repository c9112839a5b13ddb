-- One row per member of a team: who is there, with which skills, and how many open orders each
-- holds. Order by team, joined_at.
create view team_members as
select
    m.team, -- group whose orders are shared out among its members
    m.member, -- id of the person
    m.skills, -- codes of what the member can do
    m.cap, -- open orders at most, null: as many as come
    m.present, -- true: is there and takes orders
    m.present_since, -- since when the member is there, or is not; null: was never there
    m.joined_at, -- since when the person belongs to the team
    coalesce(h.open_orders, 0) as open_orders, -- open orders that the member holds through the team, test orders too
    m.present and (m.cap is null or coalesce(h.open_orders, 0) < m.cap) as free -- true: may get the next order
from live.team_members m
left join (
    select team, member, count(*) as open_orders from live.team_orders group by team, member
) h on h.team = m.team and h.member = m.member;
