"""Examples of roles and API keys, and of callers who hold them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.access import commands as c
from domain.access import events as e
from domain.messages import Actor, Command, Event
from domain.roles.definition import Role
from domain.roles.line import PublishRole, RolePublished

ROLE = Role.model_validate(
    {
        "role": "phone_desk",
        "title": {"en": "Phone desk"},
        "acts_as": ["manager"],
        "commands": ["order.*", "task.finish"],
        "questions": ["order.*", "report.funnel"],
        "never": ["order.correct"],
        "orders": {"shops": ["north"], "test": "yes"},
        "personal": ["name", "phone"],
        "hidden": ["*_minor"],
    }
)
PREFIX = "a1b2c3d4e5f6"
NEXT_PREFIX = "f6e5d4c3b2a1"
LATER = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
_WHO: dict[str, Any] = {"command_id": UUID(int=1), "actor": Actor(kind="user", id="root")}
_MADE: dict[str, Any] = {
    "apikey": "shop-front",
    "prefix": PREFIX,
    "roles": ("phone_desk",),
    "groups": ("north",),
    "on_behalf": True,
    "expires_at": LATER,
}
_ROTATED: dict[str, Any] = {
    "apikey": "shop-front",
    "prefix": NEXT_PREFIX,
    "former_until": datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
    "expires_at": LATER,
}

COMMANDS: tuple[Command, ...] = (
    PublishRole(**_WHO, definition=ROLE),
    c.CreateApiKey(**_WHO, **_MADE),
    c.RotateApiKey(**_WHO, **_ROTATED),
    c.RevokeApiKey(**_WHO, apikey="shop-front"),
)
EVENTS: tuple[Event, ...] = (
    RolePublished(
        role="phone_desk",
        role_version=1,
        content_hash=ROLE.content_hash,
        definition=ROLE.content,
    ),
    e.ApiKeyCreated(**_MADE),
    e.ApiKeyRotated(**_ROTATED),
    e.ApiKeyRevoked(apikey="shop-front"),
)


def role(**changes: Any) -> Role:
    """Give a role without any right but these."""
    return Role.model_validate({"role": "some", **changes})
