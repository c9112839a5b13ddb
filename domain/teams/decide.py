"""decide: from a team and a wish to events, or to everything that stands against it."""

from datetime import datetime
from typing import assert_never, cast

from domain.guards import no_status_is_expected
from domain.messages import Decided, Verdict
from domain.orders.guards import time_is_allowed
from domain.refusals import Refusal
from domain.teams import commands as c
from domain.teams import events as e
from domain.teams import guards
from domain.teams.team import Team


def decide(team: Team, cmd: c.TeamCommand, now: datetime) -> list[Decided]:
    """Decide a command. Raises: Refusal with every unmet condition."""
    unmet = [*no_status_is_expected(cmd, "A team"), *time_is_allowed(cmd, now)]
    events, more = _verdict(team, cast(c.TeamWish, cmd))
    if unmet or more:
        raise Refusal(*unmet, *more)
    return [Decided(event, now) for event in events]


def _verdict(team: Team, cmd: c.TeamWish) -> Verdict:
    user = cmd.user
    member = team.members.get(user)
    match cmd:
        case c.SetMember(skills=skills, cap=cap):
            if member is not None and (member.skills, member.cap) == (skills, cap):
                return [], []
            event = e.MemberSet(user=user, skills=skills, cap=cap)
            return [event], [*guards.there_is_room(team, user)]
        case c.RemoveMember():
            return ([] if member is None else [e.MemberRemoved(user=user)]), []
        case c.Come() | c.Go():
            return _presence(team, cmd)
        case _:
            assert_never(cmd)


def _presence(team: Team, cmd: c.Come | c.Go) -> Verdict:
    unmet = [
        *guards.member_is_known(team, cmd.user),
        *guards.presence_is_ones_own(cmd.actor, cmd.user),
    ]
    member, comes = team.members.get(cmd.user), isinstance(cmd, c.Come)
    if member is not None and member.present == comes:
        return [], unmet
    return [e.MemberCame(user=cmd.user) if comes else e.MemberWent(user=cmd.user)], unmet
