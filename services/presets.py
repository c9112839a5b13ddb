"""The first versions of what is ready-made: published at every start, each once."""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from domain.messages import Actor, Command
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath")


def first_versions(
    paths: Iterable[OrderPath], calendars: Iterable[Calendar], actor: Actor
) -> Iterator[Command]:
    """Give the commands that publish them, always under the same ids."""
    for path in paths:
        command_id = uuid5(_NAMESPACE, f"preset:{path.path}:{path.content_hash}")
        yield PublishPath(command_id=command_id, actor=actor, definition=path)
    for calendar in calendars:
        name = f"preset:calendar:{calendar.calendar}:{calendar.content_hash}"
        command_id = uuid5(_NAMESPACE, name)
        yield PublishCalendar(command_id=command_id, actor=actor, definition=calendar)
