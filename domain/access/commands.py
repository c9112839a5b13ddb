"""What may be wanted of an API key. Secrets are made before and are in no command."""

from datetime import timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Final

from pydantic import Field

from domain.access.events import KeyName, KeyPrefix, key_stream
from domain.messages import Code, Command, Moment, Name

MAX_ROLES: Final = 20  # of one key
LONGEST_OVERLAP: Final = timedelta(days=90)


class ApiKeyCommand(Command):
    """A command to one key."""

    apikey: KeyName

    @cached_property
    def stream_id(self) -> str:
        return key_stream(self.apikey)


class CreateApiKey(ApiKeyCommand):
    """Let whoever shows a secret with that prefix be this caller."""

    NAME: ClassVar[str] = "apikey.create"

    prefix: KeyPrefix
    roles: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_ROLES)]
    groups: Annotated[tuple[Name, ...], Field(max_length=MAX_ROLES)] = ()
    on_behalf: bool = False
    expires_at: Moment | None = None


class RotateApiKey(ApiKeyCommand):
    """Give the key a new secret; take the one before until a moment."""

    NAME: ClassVar[str] = "apikey.rotate"

    prefix: KeyPrefix
    former_until: Moment
    expires_at: Moment | None = None


class RevokeApiKey(ApiKeyCommand):
    """Take the key from whoever has it."""

    NAME: ClassVar[str] = "apikey.revoke"


COMMANDS: tuple[type[ApiKeyCommand], ...] = (CreateApiKey, RotateApiKey, RevokeApiKey)
