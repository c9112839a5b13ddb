"""Attempts: what somebody tried on an order and was refused. Stream `attempt-<order>`.

An attempt changes nothing, so it has no state; its version is given by the append, so that
refusing never conflicts with anything.
"""

from datetime import datetime
from functools import cache
from typing import ClassVar

from domain.messages import Command, Decided, Event, Name, Text
from domain.personal import personal_fields
from domain.refusals import Unmet

MAX_ASKED_CHARACTERS = 200  # of one value


class AttemptRefused(Event):
    """Fact: somebody tried this and was refused; the order stayed as it was."""

    NAME: ClassVar[str] = "attempt.refused.v1"

    command: Name  # its stored name
    asked: dict[Name, Text]  # single values that were asked for, none of them personal
    unmet: tuple[Unmet, ...]  # every condition, in the order of the answer
    order_version: int  # that it was decided on, 0: there is no such order


def refused(
    command: Command, unmet: tuple[Unmet, ...], order_version: int, now: datetime
) -> Decided:
    """Give the event of a refusal."""
    asked = {
        name: str(value)[:MAX_ASKED_CHARACTERS]
        for name in _tellable(type(command))
        if name in command.model_fields_set
        and isinstance(value := getattr(command, name), str | int)
    }
    event = AttemptRefused(
        command=command.NAME, asked=asked, unmet=unmet, order_version=order_version
    )
    return Decided(event, now)


@cache
def _tellable(command: type[Command]) -> tuple[str, ...]:
    """Name the fields of a command that may be told to everybody who may see the order."""
    personal = personal_fields(command)
    hidden = command.ENVELOPE | {name for name, inner in personal.items() if inner is True}
    return tuple(name for name in command.model_fields if name not in hidden)
