"""What is ready-made and published at the start: paths and calendars once, roles also anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from domain.messages import Actor, Command, Recorded
from domain.paths.calendar_line import PublishCalendar
from domain.paths.calendars import Calendar
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.roles.definition import Role
from domain.roles.line import PublishRole, RolePublished, role_stream

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


def role_versions(
    roles: Iterable[Role], published: Mapping[str, Sequence[Recorded]], actor: Actor
) -> Iterator[PublishRole]:
    """Give the commands that publish ready-made roles: each whose every version came from here, and
    none of them says what it says now. What a shop has changed stays as the shop wants it, and an
    older Orderpath beside a newer one takes nothing back.

    published: stream -> its events
    """
    for role in roles:
        events = published.get(role_stream(role.role), ())
        known = {one.event.content_hash for one in events if isinstance(one.event, RolePublished)}
        is_ours = all((one.actor_kind, one.actor_id) == (actor.kind, actor.id) for one in events)
        if is_ours and role.content_hash not in known:
            version = len(events)
            name = f"preset:role:{role.role}:{role.content_hash}:{version}"
            yield PublishRole(
                command_id=uuid5(_NAMESPACE, name),
                actor=actor,
                definition=role,
                expected_version=version,
            )
