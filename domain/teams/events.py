"""Everything that can have happened to a team. Stored names are contracts for ever."""

from typing import Annotated, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import Field

from domain.messages import Code, Event, Name

MAX_SKILLS = 50  # of one member
MAX_CAP = 100_000

Cap = Annotated[int, Field(ge=0, le=MAX_CAP)]  # open orders at most
Skills = Annotated[tuple[Code, ...], Field(max_length=MAX_SKILLS)]


class MemberSet(Event):
    """Fact: somebody belongs to the team, with these skills and this cap."""

    NAME: ClassVar[str] = "team.member_set.v1"

    user: Name
    skills: Skills = ()
    cap: Cap | None = None  # None: as many as come


class MemberRemoved(Event):
    """Fact: somebody belongs to the team no more. Orders stay with whoever holds them."""

    NAME: ClassVar[str] = "team.member_removed.v1"

    user: Name


class MemberCame(Event):
    """Fact: a member is there and takes orders."""

    NAME: ClassVar[str] = "team.member_came.v1"

    user: Name


class MemberWent(Event):
    """Fact: a member is not there and gets no order."""

    NAME: ClassVar[str] = "team.member_went.v1"

    user: Name


class OrderTaken(Event):
    """Fact: somebody holds an open order through the team."""

    NAME: ClassVar[str] = "team.order_taken.v1"

    order_id: UUID
    user: Name
    customer_id: Name | None = None  # whose order it is
    turn: bool = False  # it was shared out, so the next turn is another member's


class OrderReleased(Event):
    """Fact: somebody holds an order no more."""

    NAME: ClassVar[str] = "team.order_released.v1"

    order_id: UUID
    user: Name
    why: Literal["ended", "reassigned"]


TeamEvent = MemberSet | MemberRemoved | MemberCame | MemberWent | OrderTaken | OrderReleased

TEAM_EVENTS: tuple[type[Event], ...] = get_args(TeamEvent)


def team_stream(group: str) -> str:
    """Give the stream of the team of a group."""
    return f"team-{group}"
