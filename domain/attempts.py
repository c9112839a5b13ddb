"""Attempts: what somebody tried on an order and was refused. Stream `attempt-<order>`.

An attempt changes nothing, so it has no state; its version is given by the append, so that
refusing never conflicts with anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, get_args, get_origin

from domain.messages import AskedAsCode, Command, Decided, Event, Name, Text, is_code, is_key
from domain.orders.order_command import OrderCommand
from domain.personal import personal_fields
from domain.refusals import Unmet


class AttemptRefused(Event):
    """Fact: somebody tried this and was refused; the order stayed as it was."""

    NAME: ClassVar[str] = "attempt.refused.v1"

    command: Name  # its stored name
    asked: dict[Name, Text]  # codes, numbers, keys and currencies that were asked for
    unmet: tuple[Unmet, ...]  # every condition, in the order of the answer
    order_version: int  # that it was decided on, 0: there is no such order


def attempt_on(
    command: Command, unmet: tuple[Unmet, ...], states: Mapping[str, Any], now: datetime
) -> tuple[str, Decided] | None:
    """Give stream and event that tell of a refused command; None where nobody may ask for it."""
    if not isinstance(command, OrderCommand):
        return None
    version = states[command.stream_id].version
    return f"attempt-{command.order_id}", refused(command, unmet, version, now)


def refused(
    command: Command, unmet: tuple[Unmet, ...], order_version: int, now: datetime
) -> Decided:
    """Give the event of a refusal."""
    asked = {
        name: str(value)
        for name, is_shown in _tellable(type(command)).items()
        if name in command.model_fields_set and _is_told(value := getattr(command, name), is_shown)
    }
    event = AttemptRefused(
        command=command.NAME, asked=asked, unmet=unmet, order_version=order_version
    )
    return Decided(event, now)


def _is_told(value: object, is_shown: Callable[[str], bool]) -> bool:
    return is_shown(value) if isinstance(value, str) else isinstance(value, int)


@cache
def _tellable(command: type[Command]) -> Mapping[str, Callable[[str], bool]]:
    """Name the fields of a command that may be told to everybody who may see the order, each with
    what says whether a text in it is no free text.
    """
    personal = personal_fields(command)
    hidden = command.ENVELOPE | {name for name, inner in personal.items() if inner is True}
    return {
        name: _no_free_text([info.annotation, *info.metadata])
        for name, info in command.model_fields.items()
        if name not in hidden
    }


def _no_free_text(types: Iterable[Any]) -> Callable[[str], bool]:
    """Choose by the type: people write anything where a name is asked for; an attempt stays for
    ever.
    """
    parts = list(_parts_of(types))
    if any(isinstance(one, AskedAsCode) for one in parts):
        return is_code
    if any(get_origin(one) is Literal or getattr(one, "pattern", None) for one in parts):
        return bool  # Its words or their shape are fixed: a code, a currency.
    return is_key


def _parts_of(types: Iterable[Any]) -> Iterator[Any]:
    for one in types:
        yield one
        yield from _parts_of(get_args(one))
