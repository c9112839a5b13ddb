"""Roles as they are in force, and what the first start publishes and makes of rights."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.access.events import key_stream
from domain.messages import Recorded
from domain.refusals import Conflict, Unusable
from domain.roles.definition import Role
from domain.roles.line import RolePublished, role_stream
from services.keys import KeyFor, Wanted, create_key
from services.presets import role_versions
from services.streams import events_of

if TYPE_CHECKING:
    from services.bootstrap import System

FIRST_KEY: Final = "admin"  # name and role of the key that the first start makes


def prepare_rights(system: "System") -> str | None:
    """Publish the ready-made roles that are missing or new, and make the first key.

    Gives the key, once in the life of a log; it is kept nowhere. Twice is nothing.
    """
    publish_ready_roles(system)
    return _first_key(system)


def publish_ready_roles(system: "System") -> None:
    """Publish each ready-made role that has no version yet, or only earlier ones of ours."""
    from services.bootstrap import SYSTEM, role_files

    ready = [role_files.load_preset(name) for name in role_files.preset_names()]
    streams = [role_stream(role.role) for role in ready]
    published = system.log.load(dict.fromkeys(streams, 0))
    for command in role_versions(ready, published, SYSTEM):
        try:
            system.execute(command)
        except Conflict:
            continue  # Somebody publishes the role in this moment: theirs stands.


@dataclass(frozen=True, slots=True)
class PublishedRole:
    """One version of a role."""

    role: Role
    version: int
    published_at: datetime
    published_by: str


def known_role(system: "System", name: str, version: int | None = None) -> PublishedRole:
    """Give a version of a role, by default the latest. Raises: Unusable that names what there is"""
    events = events_of(system.log, role_stream(name))
    if not events:
        raise Unusable(f"no role is named {name!r}: choose one of {_names(system)}")
    if version is not None and version > len(events):
        raise Unusable(f"the role {name} has no version {version}: the latest is {len(events)}")
    return _published(events[-1 if version is None else version - 1])


def latest_roles(system: "System") -> list[PublishedRole]:
    """Give every role in the version that is in force, by name in alphabetical order."""
    names = sorted(system.log.names("role"))
    found = system.log.load({role_stream(name): 0 for name in names})
    return [_published(found[role_stream(name)][-1]) for name in names if found[role_stream(name)]]


def _published(recorded: Recorded) -> PublishedRole:
    event = recorded.event
    assert isinstance(event, RolePublished), "nothing else happens to a role"
    return PublishedRole(
        Role.as_published(event.definition),
        event.role_version,
        recorded.occurred_at,
        recorded.actor_id,
    )


def _names(system: "System") -> str:
    return ", ".join(sorted(system.log.names("role"))) or "none is published"


def _first_key(system: "System") -> str | None:
    from services.bootstrap import SYSTEM

    stream = key_stream(FIRST_KEY)
    if system.log.load({stream: 0})[stream]:
        return None
    wanted = Wanted(actor=SYSTEM, source="start")
    key = KeyFor(name=FIRST_KEY, roles=(FIRST_KEY,), on_behalf=True)
    return create_key(system, wanted, key).key
