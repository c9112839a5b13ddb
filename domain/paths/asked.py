"""Commands that are meant only while conditions of an order hold: what rules send is.

domain.orders.only_if asks these where the command is decided.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from domain.messages import Command
from domain.paths.conditional import When

MAX_CONDITIONS = 20  # of one command
MAX_EARLIER = 20  # commands that may have made a condition untrue


class AskedCommand(Command):
    """A command that says what has to hold of an order when it is decided; else nothing is done.

    That it was done, or was not, tells what is asked: so it is not for callers, who see less.
    """

    OF_PROGRAMS: ClassVar[tuple[str, ...]] = ("only_if", "spent_by", "behind")

    only_if: Annotated[tuple[When, ...], Field(max_length=MAX_CONDITIONS)] = ()
    # Of these conditions, those that commands sent before this one may have made untrue, with the
    # ids of these commands: one of them that has changed something has asked it.
    spent_by: Annotated[
        dict[When, Annotated[tuple[UUID, ...], Field(max_length=MAX_EARLIER)]],
        Field(max_length=MAX_CONDITIONS),
    ] = Field(default_factory=dict)
    behind: UUID | None = None  # a command that has to have changed something


class CommandAboutOrder(AskedCommand):
    """One to another stream. Its conditions, if it has any, are those of the order."""

    order_id: UUID | None = None
