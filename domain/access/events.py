"""What happens to an API key. Stored names are contracts: docs/contract. Stream `apikey-<name>`.

No event holds a secret, nor what could tell one.
"""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from domain.messages import Code, Event, Moment, Name

KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
# The beginning of a key, by which it is told from others; it opens nothing.
KeyPrefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{12}$")]


def key_stream(name: str) -> str:
    """Name the stream of a key."""
    return f"apikey-{name}"


class ApiKeyCreated(Event):
    """Fact: whoever shows the key is this caller from now on."""

    NAME: ClassVar[str] = "apikey.created.v1"

    apikey: KeyName
    prefix: KeyPrefix
    roles: tuple[Code, ...]
    groups: tuple[Name, ...] = ()
    on_behalf: bool = False  # it may act for people, as far as a role of it allows that
    expires_at: Moment | None = None  # None: never by itself


class ApiKeyRotated(Event):
    """Fact: the key has a new secret; the one before is taken for a while yet."""

    NAME: ClassVar[str] = "apikey.rotated.v1"

    apikey: KeyName
    prefix: KeyPrefix
    former_until: Moment  # what was shown before opens nothing from then on
    expires_at: Moment | None = None


class ApiKeyRevoked(Event):
    """Fact: the key opens nothing any more, whichever secret is shown."""

    NAME: ClassVar[str] = "apikey.revoked.v1"

    apikey: KeyName


EVENTS: tuple[type[Event], ...] = (ApiKeyCreated, ApiKeyRotated, ApiKeyRevoked)
