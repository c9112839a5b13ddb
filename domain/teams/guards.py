"""Conditions on what may happen to a team. Each gives what is unmet, nothing if all is well."""

from collections.abc import Iterator

from domain.messages import Actor, named
from domain.orders.guards import role_may
from domain.refusals import Unmet
from domain.teams.team import Team

MAX_MEMBERS = 100  # of one team: all of them stand in the event of an order that is shared out
LEADS = ("lead",)  # roles that may say of others whether they are there


def team_is_known(team: Team, group: str) -> Iterator[Unmet]:
    if not team.exists:
        yield Unmet(
            code="team_unknown",
            field="group",
            message=f"There is no {named('team', group)}",
            needed="members of it, or another group",
        )


def member_is_known(team: Team, user: str) -> Iterator[Unmet]:
    if user not in team.members:
        yield Unmet(
            code="member_unknown",
            field="user",
            message=f"The team has no {named('member', user)}",
            needed="somebody who belongs to the team",
        )


def there_is_room(team: Team, user: str) -> Iterator[Unmet]:
    if user not in team.members and len(team.members) >= MAX_MEMBERS:
        yield Unmet(
            code="team_full",
            field="user",
            message=f"The team has {len(team.members)} members already",
            needed=f"at most {MAX_MEMBERS}; two groups, if there are more",
        )


def presence_is_ones_own(actor: Actor, user: str) -> Iterator[Unmet]:
    """People say of themselves whether they are there, leads and programs of everybody."""
    if actor.kind == "user" and actor.id != user:
        yield from role_may(LEADS, actor, "To say of somebody else who is there")
