"""The moves of a path: between which statuses, for whom, under which conditions."""

from typing import Annotated, Literal

from pydantic import Field

from domain.messages import Code, OneOrMany, Shape, Text
from domain.paths.conditional import When

MAX_NAMES = 1_000  # in one list
MAX_GUARDS = 20  # of one move: together they may take some 0.1 s
ANY = "*"

Requirement = Literal["reason_code", "initiator", "reason"]
Nonconforming = Literal["not_an_initial_status", "transition_not_allowed"]  # stored with facts
Names = Annotated[OneOrMany, Field(min_length=1, max_length=MAX_NAMES)]


class Guard(Shape):
    """A condition that must hold before the move, with what the refusal says."""

    code: Code
    when: When
    message: Text


class Approval(Shape):
    """Four eyes: somebody agrees to the move before another one makes it."""

    by: Names  # one of these roles
    not_self: bool = True  # whoever agrees does not move


class Transition(Shape):
    """Moves that are allowed, for whom, and what has to be said."""

    from_: Annotated[Names, Field(alias="from")]
    to: Names
    roles: tuple[Code, ...] = ()  # empty: everybody
    guards: Annotated[tuple[Guard, ...], Field(max_length=MAX_GUARDS)] = ()
    require: tuple[Requirement, ...] = ()
    reasons: tuple[Code, ...] = ()  # allowed reason codes; empty: any
    approval: Approval | None = None
    override: bool = False  # against the usual way: always with a reason, reported every day


class Follow(Shape):
    """The order moves by itself once all its pieces have come so far."""

    items: Code  # an item status, or one further on
    from_: Annotated[Names, Field(alias="from")]
    to: Code
