"""What people and programs may ask of a team. Orders are shared out by domain.teams.sharing."""

from functools import cached_property
from typing import ClassVar, get_args

from domain.messages import Command, Name
from domain.teams.events import Cap, Skills, team_stream


class TeamCommand(Command):
    """A command about one member of one team."""

    group: Name
    user: Name

    @cached_property
    def stream_id(self) -> str:
        return team_stream(self.group)


class SetMember(TeamCommand):
    """Let somebody belong to the team, not there yet, or change a member's skills and cap."""

    NAME: ClassVar[str] = "team.set_member"

    skills: Skills = ()
    cap: Cap | None = None  # open orders at most, None: as many as come


class RemoveMember(TeamCommand):
    """Let somebody belong to the team no more."""

    NAME: ClassVar[str] = "team.remove_member"


class Come(TeamCommand):
    """Say that a member is there and takes orders."""

    NAME: ClassVar[str] = "team.come"


class Go(TeamCommand):
    """Say that a member is not there. The orders stay until they are shared out anew."""

    NAME: ClassVar[str] = "team.go"


TeamWish = SetMember | RemoveMember | Come | Go

COMMANDS: tuple[type[TeamCommand], ...] = get_args(TeamWish)
