"""The history of one role: its published versions. Stream `role-<name>`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.messages import Code, Event
from domain.publishing import Line, Publish
from domain.roles.definition import Role


def role_stream(role: str) -> str:
    """Name the stream of a role."""
    return f"role-{role}"


class RolePublished(Event):
    """Fact: whoever holds the role may from now on what this version says."""

    NAME: ClassVar[str] = "role.published.v1"

    role: Code
    role_version: Annotated[int, Field(ge=1)]
    content_hash: str  # SHA-256, hexadecimal
    definition: dict[str, Any]  # as published; not checked again at replay


class PublishRole(Publish):
    """Let whoever holds a role have from now on the rights that stand here."""

    NAME: ClassVar[str] = "role.publish"

    definition: Role

    @property
    def stream_id(self) -> str:
        return role_stream(self.definition.role)


@dataclass(frozen=True)
class RoleLine(Line):
    """State of the stream of a role."""

    KIND = "role"
    PUBLISHED = RolePublished

    @cached_property
    def role(self) -> Role | None:
        """The latest version; None if none is published."""
        return None if self.definition is None else Role.as_published(self.definition)
