"""Attempts: what somebody tried on an order and was refused. Stream `attempt-<order>`.

An attempt changes nothing, so it has no state; its version is given by the append, so that
refusing never conflicts with anything.
"""

from datetime import datetime
from functools import cache
from typing import ClassVar

from domain.messages import Command, Decided, Event, Name, Text, is_code
from domain.personal import personal_fields
from domain.refusals import Unmet


class AttemptRefused(Event):
    """Fact: somebody tried this and was refused; the order stayed as it was."""

    NAME: ClassVar[str] = "attempt.refused.v1"

    command: Name  # its stored name
    asked: dict[Name, Text]  # codes, numbers and currencies that were asked for
    unmet: tuple[Unmet, ...]  # every condition, in the order of the answer
    order_version: int  # that it was decided on, 0: there is no such order


def refused(
    command: Command, unmet: tuple[Unmet, ...], order_version: int, now: datetime
) -> Decided:
    """Give the event of a refusal."""
    asked = {
        name: str(value)
        for name in _tellable(type(command))
        if name in command.model_fields_set
        and _is_no_free_text(name, value := getattr(command, name))
    }
    event = AttemptRefused(
        command=command.NAME, asked=asked, unmet=unmet, order_version=order_version
    )
    return Decided(event, now)


def _is_no_free_text(name: str, value: object) -> bool:
    """People write anything where a name is asked for; an attempt stays for ever."""
    if isinstance(value, str):
        return is_code(value) or name == "currency"
    return isinstance(value, int)


@cache
def _tellable(command: type[Command]) -> tuple[str, ...]:
    """Name the fields of a command that may be told to everybody who may see the order."""
    personal = personal_fields(command)
    hidden = command.ENVELOPE | {name for name, inner in personal.items() if inner is True}
    return tuple(name for name in command.model_fields if name not in hidden)
