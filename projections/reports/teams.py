"""Questions: who belongs to which team, who holds how many orders, and which ones?"""

from datetime import datetime
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from projections.reports.scope import Reader, checked_limit

MOST_HELD: Final = 100_001  # orders; one more than a batch takes


class ListedMember(TypedDict):
    """A member of a team, with the open orders that it holds."""

    team: str
    member: str
    skills: list[str]
    cap: int | None
    present: bool
    present_since: datetime | None
    joined_at: datetime
    open_orders: int
    free: bool


class LeftBehind(TypedDict):
    """The open orders of somebody who belongs to the team no more."""

    team: str
    member: str
    open_orders: int
    oldest_at: datetime


class TeamsNow(TypedDict):
    """Who is there, and what was left behind."""

    members: list[ListedMember]
    left_behind: list[LeftBehind]


class HeldOrder(TypedDict):
    """An open order that somebody is responsible for as one of a group."""

    order_id: UUID
    owner_group: str


def list_teams(reader: Reader, *, team: str | None = None) -> TeamsNow:
    """List the members of a team or of all, the longest in it first; a team has 100 at most."""
    wanted = {"team": team}
    return {
        "members": cast(list[ListedMember], reader.execute(_MEMBERS, wanted).fetchall()),
        "left_behind": cast(list[LeftBehind], reader.execute(_LEFT, wanted).fetchall()),
    }


def list_held(
    reader: Reader, user: str, *, group: str | None = None, limit: int = MOST_HELD
) -> list[HeldOrder]:
    """List the open orders that somebody holds as one of a group, or of any, test orders too.

    Shape:  0..limit rows, the oldest first, ties by order_id.
    Raises: ValueError if limit is not in 1..MOST_HELD.
    """
    wanted: dict[str, Any] = {
        "user": user,
        "group": group,
        "limit": checked_limit(limit, MOST_HELD),
    }
    return cast(list[HeldOrder], reader.execute(_HELD, wanted).fetchall())


_MEMBERS: Final = """
    select team, member, skills, cap, present, present_since, joined_at, open_orders, free
    from team_members
    where %(team)s::text is null or team = %(team)s
    order by team, joined_at, member
"""

_LEFT: Final = """
    select team, member, open_orders, oldest_at from team_loads
    where not belongs and (%(team)s::text is null or team = %(team)s)
    order by team, member
"""

_HELD: Final = """
    select order_id, owner_group from orders
    where final is null and owner_user = %(user)s and owner_group is not null
      and (%(group)s::text is null or owner_group = %(group)s)
    order by placed_at, order_id limit %(limit)s
"""
